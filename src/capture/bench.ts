import type { Fault } from '../custody/claim.ts'
import { type Accepted, openBench } from '../custody/judge.ts'
import { findingObjectsMax, type FindingKind, findingText, type NewFinding } from '../findings/finding.ts'
import { insertFindings } from '../findings/store.ts'
import type { Judge, Stamp } from '../ledger/commit.ts'
import type { Order } from './prepare.ts'

/** The judge that the ledger calls: custody decides, and what it refused or doubted becomes findings in the same transaction. */
export function createJudge(options: { nestingMax: number }): Judge<Order, Accepted, readonly Fault[]> {
  return {
    sit: async (client, log, orders) => {
      const bench = await openBench(
        client,
        log,
        orders.map((order) => order.claim),
        options.nestingMax,
      )
      const findings: NewFinding[] = []
      return {
        decide: (order, stamp) => {
          const verdict = bench.decide(order.claim, stamp.position)
          if ('faults' in verdict) {
            findings.push(...findingsOf('refused', order, stamp, verdict.faults))
            return { refusal: verdict.faults }
          }
          const kind = order.claim.neverRefused === true ? 'doubted' : 'observed'
          findings.push(...findingsOf(kind, order, stamp, verdict.accepted.doubts))
          return { decision: verdict.accepted }
        },
        write: (writer) => [...bench.write(writer), ...(findings.length > 0 ? [insertFindings(writer, findings)] : [])],
      }
    },
  }
}

const idSuffix: Record<FindingKind, string> = { refused: '', observed: '-o', doubted: '-d' }

/** One finding for each kind of fault in an event; of many objects the first hundred are named and all are counted. */
function findingsOf(kind: FindingKind, order: Order, stamp: Stamp, faults: readonly Fault[]): NewFinding[] {
  if (faults.length === 0) return []
  const byCode = new Map<string, Fault[]>()
  for (const fault of faults) {
    const same = byCode.get(fault.code)
    if (same) same.push(fault)
    else byCode.set(fault.code, [fault])
  }
  return [...byCode].map(([code, same]) => {
    const shown = same.slice(0, findingObjectsMax)
    return {
      id: `${order.findingId}-${code.replaceAll('_', '-')}${idSuffix[kind]}`,
      openedAt: stamp.recordTime,
      kind,
      code,
      participant: order.actor.participant.no,
      principal: order.actor.principal?.no ?? null,
      person: order.actor.person?.no ?? null,
      log: stamp.log,
      position: kind === 'refused' ? null : stamp.position,
      eventKey: order.key,
      concerned: [...new Set(shown.flatMap((fault) => fault.concerned))],
      objects: shown.map((fault) => fault.subject.id).filter((id) => id !== 0n),
      objectCount: same.length,
      detail: {
        act: order.act,
        eventTime: order.eventTime.toISOString(),
        eventID: order.eventID,
        text: findingText(code),
        objects: shown.map(({ subject, concerned }) => ({ path: subject.path, code: subject.code, concerned })),
      },
    }
  })
}
