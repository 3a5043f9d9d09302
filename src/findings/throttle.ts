import { findingText, type NewFinding } from './finding.ts'

/**
 * Bounds what refusals may cost (D14): of one participant so many refused events a minute become findings of their own, the rest are
 * counted into one. What was recorded (observed, doubted) is never only counted: it is bounded by the entries beside it.
 */
export type Throttle = {
  /** Those that are to be written now; the others are counted. */
  admit(findings: readonly NewFinding[]): NewFinding[]
  /** What was counted in minutes that have ended, one finding for each participant and minute; forgotten once taken. */
  drain(now: Date): NewFinding[]
}

type Minute = { admitted: number; counted: Map<string, number>; objects: number; last: NewFinding | undefined }

const minuteOf = (at: Date): number => Math.floor(at.getTime() / 60_000)

/** @param detailedPerMinute refused findings of one participant that are kept one by one */
export function createThrottle(detailedPerMinute: number, newId: () => string): Throttle {
  const minutes = new Map<string, Minute>()
  return {
    admit: (findings) =>
      findings.filter((finding) => {
        if (finding.kind !== 'refused') return true
        const key = `${minuteOf(finding.openedAt)} ${finding.participant}`
        const minute = minutes.get(key) ?? {
          admitted: 0,
          counted: new Map<string, number>(),
          objects: 0,
          last: undefined,
        }
        minutes.set(key, minute)
        if (minute.admitted++ < detailedPerMinute) return true
        minute.counted.set(finding.code, (minute.counted.get(finding.code) ?? 0) + 1)
        minute.objects += finding.objectCount
        minute.last = finding
        return false
      }),
    drain: (now) => {
      const ended = [...minutes].filter(([key]) => Number(key.split(' ')[0]) < minuteOf(now))
      for (const [key] of ended) minutes.delete(key)
      return ended.flatMap(([, { last, counted, objects }]) =>
        last ? [countedInto(last, counted, objects, newId())] : [],
      )
    },
  }
}

/** One finding for many; it bears the time of the last of them, and nobody's goods. */
function countedInto(last: NewFinding, counted: ReadonlyMap<string, number>, objects: number, id: string): NewFinding {
  return {
    ...last,
    id,
    code: 'counted',
    eventKey: null,
    concerned: [],
    objects: [],
    objectCount: objects,
    detail: { ...last.detail, text: findingText('counted'), objects: [], counted: Object.fromEntries(counted) },
  }
}
