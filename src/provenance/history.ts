import { isFinal, standing, type State, type Step } from '../custody/object.ts'

/**
 * The life of an object: its own steps and, for each interval that it spent in a container, the container's steps in that
 * interval, all the way up (D5). Pure: `readSpans` brings the steps.
 */

/** A container, or the object itself, over the positions in which its steps belong to the story: after `from`, before `to`. */
export type Span = { id: bigint; from: number; to: number }

/** The steps of an object with `from < position < to`, and the last one at or before `from`; by ascending position. */
export type ReadSpans = (spans: readonly Span[]) => Promise<(readonly Step[])[]>

/** How the object stood after one entry of its story. */
export type Moment = {
  position: number
  state: State
  underWay: boolean
  owner: number | null
  holder: number | null
  addressee: number | null
  sender: number | null
  parent: bigint | null
  /** The step is the object's own; otherwise one of its containers moved. */
  own: boolean
  /** The flags of the object's own last step. */
  flags: number
}

/** Every entry that did something to the object or to what it was packed in, in order of position. */
export async function lifeOf(id: bigint, readSpans: ReadSpans): Promise<Moment[]> {
  const stepsOf = new Map<bigint, Map<number, Step>>()
  const positions = new Set<number>()
  const ownPositions = new Set<number>()
  let spans: Span[] = [{ id, from: -1, to: Number.MAX_SAFE_INTEGER }]
  while (spans.length > 0) {
    const next: Span[] = []
    const found = await readSpans(spans)
    spans.forEach((span, i) => {
      const steps = found[i] ?? []
      const known = stepsOf.get(span.id) ?? new Map<number, Step>()
      stepsOf.set(span.id, known)
      steps.forEach((step, j) => {
        known.set(step.position, step)
        if (step.position > span.from) positions.add(step.position)
        if (step.position > span.from && span.id === id) ownPositions.add(step.position)
        if (step.parent === null || isFinal(step.state)) return
        const to = Math.min(steps[j + 1]?.position ?? span.to, span.to)
        next.push({ id: step.parent, from: Math.max(step.position, span.from), to })
      })
    })
    spans = next
  }
  const ordered = new Map([...stepsOf].map(([key, steps]) => [key, [...steps.values()].sort(byPosition)]))
  return [...positions]
    .sort((a, b) => a - b)
    .map((position) => momentAt(id, position, ordered, ownPositions.has(position)))
}

const byPosition = (a: Step, b: Step) => a.position - b.position

function momentAt(id: bigint, position: number, steps: ReadonlyMap<bigint, readonly Step[]>, own: boolean): Moment {
  const lastAt = (object: bigint) => (steps.get(object) ?? []).findLast((step) => step.position <= position)
  const step = lastAt(id)
  if (!step) throw new Error(`the story of ${id} has an entry ${position} before its first step`)
  const now = standing(step, lastAt)
  return {
    position,
    state: now.state,
    underWay: now.underWay,
    owner: now.owner,
    holder: now.holder,
    addressee: now.addressee,
    sender: now.sender,
    parent: step.parent,
    own,
    flags: step.flags,
  }
}

/** Who held it from when to when; `to` of the last one is undefined while he holds it. Times are positions here. */
export function custodyOf(life: readonly Moment[]): { holder: number; from: number; to: number | undefined }[] {
  const periods: { holder: number; from: number; to: number | undefined }[] = []
  for (const moment of life) {
    const current = periods.at(-1)
    const holder = isFinal(moment.state) ? null : moment.holder
    if (current && current.to === undefined && current.holder === holder) continue
    if (current && current.to === undefined) current.to = moment.position
    if (holder !== null) periods.push({ holder, from: moment.position, to: undefined })
  }
  return periods
}
