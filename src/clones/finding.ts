import { findingObjectsMax, findingText, type NewFinding } from '../findings/finding.ts'
import { clearedBy, innocentCauses, type Pair, type Sighting, type Verdict } from './clone.ts'
import type { Entry } from './store.ts'

/** One object of one entry that contradicts what was seen of it before. */
export type Contradiction = {
  entry: Entry
  step: string
  eventID: string
  object: { id: bigint; code: string }
  here: Sighting
  verdict: Verdict
  /** Who had it by the ledger's word. */
  holder: number | null
}

const concernedOf = ({ here, verdict, holder }: Contradiction): number[] => [
  ...new Set([here.principal, verdict.other.principal, ...(holder === null ? [] : [holder])]),
]

/** What an entry contradicts: yellow, with its innocent causes beside it. Of one kind and one entry; at least one. */
export function contradictionFinding(log: number, group: readonly Contradiction[], openedAt: Date): NewFinding {
  const [first] = group
  if (!first) throw new Error('bad math: a finding about nothing')
  const { code, text } = first.verdict
  return {
    ...common(log, first, openedAt),
    id: `${code.replaceAll('_', '-')}-${log}-${first.here.position}`,
    code,
    concerned: [...new Set(group.flatMap(concernedOf))],
    objects: group.slice(0, findingObjectsMax).map(({ object }) => object.id),
    objectCount: group.length,
    detail: {
      ...detail(first),
      text: `${findingText(code)} ${text}`,
      objects: group.slice(0, findingObjectsMax).map(itemOf),
      severity: 'yellow',
      innocentCauses: innocentCauses[code],
      clearedBy: clearedBy[code],
    },
  }
}

/** Contradictions that no single device's mistake explains: told once for each object. */
export function seriousFinding(log: number, last: Contradiction, pairs: readonly Pair[], openedAt: Date): NewFinding {
  const devices = new Set(pairs.flatMap(({ source, otherSource }) => [source, otherSource])).size
  return {
    ...common(log, last, openedAt),
    id: `clone-${log}-${last.object.id}`,
    code: 'clone_suspected',
    concerned: concernedOf(last),
    objects: [last.object.id],
    objectCount: 1,
    detail: {
      ...detail(last),
      text: `${findingText('clone_suspected')} ${pairs.length} contradictions, ${devices} devices.`,
      objects: [itemOf(last)],
      severity: 'red',
      innocentCauses: ['several mistakes at once, of devices that have nothing to do with each other'],
      clearedBy: 'A look at every unit that bears this mark.',
    },
  }
}

const common = (log: number, { entry, here }: Contradiction, openedAt: Date) => ({
  openedAt,
  kind: 'doubted' as const,
  participant: entry.participant,
  principal: entry.principal,
  person: entry.person,
  log,
  position: here.position,
  // Not about what was asked for: a receipt that is sent again is answered as the first time.
  eventKey: null,
})

const detail = ({ entry, step, eventID }: Contradiction) => ({
  act: step,
  eventTime: entry.eventTime.toISOString(),
  eventID,
})

const itemOf = (each: Contradiction) => ({ path: '', code: each.object.code, concerned: concernedOf(each) })
