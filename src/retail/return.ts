import { randomUUID } from 'node:crypto'
import { recordedBody } from '../capture/routes.ts'
import { offsetOf, readCodes, readEventTime } from '../capture/scan.ts'
import type { EpcisEvent, EventId, Uri } from '../epcis/event.ts'
import { objectEvent } from '../epcis/write.ts'
import { percentEncode } from '../gs1/write.ts'
import { type Actor, actingFor } from '../participants/actor.ts'
import { tamgaContext } from './receipt.ts'
import type { Return } from './schema.ts'
import { placeOfKey, type SellingDeps } from './selling.ts'

/**
 * A buyer brings a unit back (api.md, POST /returns): ObjectEvent OBSERVE, receiving, returned. It can be sold again, or it is
 * withdrawn (persistent disposition non_sellable_other, CBV 2.0, section 7.2).
 * @throws Problem as events are refused: not_owner where another participant sold it, wrong_state where nobody did
 */
export async function recordReturn(deps: SellingDeps, actor: Actor, given: Return) {
  const event = await returnEvent(deps, actor, given)
  const recorded = await deps.capture.record(actor, event)
  const state = given.resaleable ? 'active' : 'withdrawn'
  const code = event.type === 'ObjectEvent' ? (event.epcList[0]?.link ?? '') : ''
  return { isNew: !recorded.again, body: { ...recordedBody(recorded), code, state } }
}

async function returnEvent(deps: SellingDeps, actor: Actor, given: Return): Promise<EpcisEvent> {
  const time = readEventTime(given.time, { ...deps, now: deps.now() }, '/time')
  return objectEvent({
    context: tamgaContext,
    // Without a time every try is a new event (D8): a unit may be sold and brought back twice on one day.
    eventID: given.time === undefined ? (`urn:uuid:${randomUUID()}` as EventId) : undefined,
    eventTime: time,
    eventTimeZoneOffset: offsetOf(time),
    action: 'OBSERVE',
    bizStep: 'receiving',
    disposition: 'returned',
    persistentDisposition: given.resaleable ? undefined : { set: ['non_sellable_other'], unset: [] },
    readPoint: await placeOfKey(deps.directory, actor),
    epcList: readCodes([given.code], '/code', () => '/code'),
    bizTransactionList: given.receipt === undefined ? [] : [receiptOf(actingFor(actor).id, given.receipt)],
    extensions: { 'tamga:reason': given.reason },
  })
}

/** A receipt's number means something only to who gave it, so his id is part of its URI. */
const receiptOf = (participant: string, number: string) => ({
  type: undefined,
  bizTransaction: `urn:tamga:receipt:${participant}:${percentEncode(number)}` as Uri,
})
