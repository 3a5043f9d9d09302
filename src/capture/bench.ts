import { createHash } from 'node:crypto'
import type { Doubt, Fault } from '../custody/claim.ts'
import { type Accepted, openBench, type Settlement } from '../custody/judge.ts'
import {
  findingObjectsMax,
  type FindingItem,
  type FindingKind,
  findingText,
  type NewFinding,
} from '../findings/finding.ts'
import { insertFindings } from '../findings/store.ts'
import type { Throttle } from '../findings/throttle.ts'
import type { Judge, Stamp } from '../ledger/commit.ts'
import type { NewEntry } from '../ledger/store.ts'
import { eventKey, type Origin, settlingEntry } from './entry.ts'
import type { Order } from './prepare.ts'

export type JudgeOptions = { nestingMax: number; salt: () => Buffer; throttle: Throttle }

/** The judge that the ledger calls: custody decides, and what it refused or doubted becomes findings in the same transaction. */
export function createJudge({ nestingMax, salt, throttle }: JudgeOptions): Judge<Order, Accepted, readonly Fault[]> {
  return {
    sit: async (client, log, orders) => {
      const claims = orders.map((order) => order.claim)
      const bench = await openBench(client, log, claims, { nestingMax, settles: true })
      const findings: NewFinding[] = []
      return {
        decide: (order, stamp) => {
          const verdict = bench.decide(order.claim, stamp)
          if ('faults' in verdict) {
            findings.push(...findingsOf('refused', order, stamp, verdict.faults))
            return { refusal: verdict.faults }
          }
          if (order.clockOffMs !== undefined) findings.push(clockFinding(order, order.clockOffMs, stamp))
          const kind = order.claim.neverRefused === true ? 'doubted' : 'observed'
          findings.push(...findingsOf(kind, order, stamp, verdict.accepted.doubts))
          return { decision: verdict.accepted }
        },
        followUp: (stamp) => {
          const settlement = bench.settle(stamp)
          if (!settlement) return undefined
          const { entry, source } = settled(settlement, stamp, salt())
          findings.push(...findingsOf('doubted', source, stamp, settlement.doubts))
          return entry
        },
        write: (writer, kept) => {
          // What would have been recorded with a doubt never was.
          const told = throttle.admit(kept ? findings : findings.filter(({ kind }) => kind === 'refused'))
          return [...(kept ? bench.write(writer) : []), ...(told.length > 0 ? [insertFindings(writer, told)] : [])]
        },
      }
    },
  }
}

/** One for each key and hour: a clock that is wrong is wrong for everything that it tells. */
function clockFinding(order: Order, offMs: number, stamp: Stamp): NewFinding {
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  return {
    id: `clock-${order.actor.key.id}-${stamp.recordTime.toISOString().slice(0, 13)}`,
    openedAt: stamp.recordTime,
    kind: 'doubted',
    code: 'clock_off',
    ...claimant(order),
    log: stamp.log,
    position: stamp.position,
    eventKey: null,
    concerned: [],
    objects: [],
    objectCount: 0,
    detail: {
      act: order.act,
      eventTime: order.eventTime.toISOString(),
      eventID: order.eventID,
      text: `${findingText('clock_off')} It was ${minutes} minutes ${offMs < 0 ? 'ahead of' : 'behind'} ours.`,
      objects: [],
    },
  }
}

/** The entry by which a waiting fact takes effect, in the name of who recorded it. */
function settled(
  { fact, subjects }: Settlement,
  stamp: Stamp,
  salt: Buffer,
): { entry: NewEntry; source: FindingSource } {
  if (!isOrigin(fact.origin)) throw new Error(`the waiting fact ${fact.position} does not say where it came from`)
  const { eventID, columns } = fact.origin
  const codes = subjects.filter((subject) => subject.id !== fact.claim.container?.id).map((subject) => subject.code)
  const bytes = settlingEntry(fact.origin, codes, fact.position, stamp, salt)
  const eventTime = new Date(fact.claim.eventTimeMs)
  const key = eventKey(`${eventID}\nsettled`, String(stamp.position))
  const entry: NewEntry = {
    key,
    digest: createHash('sha256').update(bytes).digest('hex').slice(0, 32),
    bytes,
    columns: { ...columns, eventTime, signature: null },
    lists: [],
  }
  const act = fact.claim.parts[0]?.act ?? 'unpack'
  const findingId = `settled-${stamp.log}-${stamp.position}`
  return { entry, source: { ...columns, act, findingId, eventID, eventTime, key } }
}

// Only ever written by this service, within the transaction that recorded the fact.
export const isOrigin = (value: unknown): value is Origin =>
  typeof value === 'object' && value !== null && 'columns' in value && 'eventID' in value && 'event' in value

type FindingSource = Pick<Order, 'findingId' | 'eventID' | 'eventTime' | 'key' | 'act'> & {
  participant: number
  principal: number | null
  person: number | null
}

const idSuffix: Record<FindingKind, string> = { refused: '', observed: '-o', doubted: '-d' }

/** One finding for each kind of fault in an event; of many objects the first hundred are named and all are counted. */
function findingsOf(
  kind: FindingKind,
  source: Order | FindingSource,
  stamp: Stamp,
  faults: readonly Doubt[],
): NewFinding[] {
  if (faults.length === 0) return []
  const byCode = new Map<string, Doubt[]>()
  for (const fault of faults) {
    const same = byCode.get(fault.code)
    if (same) same.push(fault)
    else byCode.set(fault.code, [fault])
  }
  return [...byCode].map(([code, same]) => {
    const shown = same.slice(0, findingObjectsMax)
    return {
      id: `${source.findingId}-${code.replaceAll('_', '-')}${idSuffix[kind]}`,
      openedAt: stamp.recordTime,
      kind,
      code,
      ...claimant(source),
      log: stamp.log,
      position: kind === 'refused' ? null : stamp.position,
      eventKey: source.key,
      concerned: [...new Set(shown.flatMap((fault) => fault.concerned))],
      objects: shown.map((fault) => fault.subject.id).filter((id) => id !== 0n),
      objectCount: same.length,
      detail: {
        act: source.act,
        eventTime: source.eventTime.toISOString(),
        eventID: source.eventID,
        text: findingText(code),
        objects: shown.map((fault) => itemOf(fault, kind)),
      },
    }
  })
}

function itemOf({ subject, concerned, code, detail, position }: Doubt, kind: FindingKind): FindingItem {
  const item = { path: subject.path, code: subject.code, concerned }
  const told = (code === subject.fault ? subject.faultText : undefined) ?? detail
  if (kind !== 'refused') return item
  return { ...item, ...(told === undefined ? {} : { told }), ...(position === undefined ? {} : { at: position }) }
}

function claimant(source: Order | FindingSource): Pick<NewFinding, 'participant' | 'principal' | 'person'> {
  if (!('actor' in source))
    return { participant: source.participant, principal: source.principal, person: source.person }
  const { participant, principal, person } = source.actor
  return { participant: participant.no, principal: principal?.no ?? null, person: person?.no ?? null }
}
