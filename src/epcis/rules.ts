// What the standard's schema lets through and its rules forbid (EPCIS 2.0, sections 7.3 and 7.4; CBV 2.0, section 7).

import { note } from './door.ts'
import type { Door } from './door.ts'
import { epcLists, quantityLists } from './event.ts'
import type { Epc, EpcisEvent, ErrorDeclaration } from './event.ts'
import { checkSensors } from './sensor-rules.ts'

export type Clock = { now: Date; clockAheadMaxMs: number }

/** Notes every rule that `event` breaks, with the place and what to do. `path` is where the event stands in the body. */
export function checkRules(door: Door, event: EpcisEvent, path: string, clock: Clock): void {
  checkTime(door, event.eventTime.at, `${path}/eventTime`, clock)
  checkWhat(door, event, path)
  checkAction(door, event, path)
  for (const { field, epcs } of epcLists(event)) checkUnique(door, epcs, `${path}/${field}`)
  checkQuantities(door, event)
  if (event.errorDeclaration) checkDeclaration(door, event, event.errorDeclaration, `${path}/errorDeclaration`, clock)
  checkSensors(door, event, `${path}/sensorElementList`)
}

function checkTime(door: Door, at: Date, path: string, { now, clockAheadMaxMs }: Clock): void {
  if (at.getTime() <= now.getTime() + clockAheadMaxMs) return
  const detail = `This lies in the future; our clock says ${now.toISOString()}. Set the clock of the device and send again.`
  note(door, path, 'time_in_future', detail, at.toISOString())
}

const rule = (door: Door, path: string, detail: string, value?: string): undefined =>
  note(door, path, 'event_rule', detail, value)

/** What each type of event must name (EPCIS 2.0, sections 7.4.2 to 7.4.6). */
function checkWhat(door: Door, event: EpcisEvent, path: string): void {
  switch (event.type) {
    case 'ObjectEvent': {
      const sensed = event.sensorElementList.length > 0 && event.readPoint !== undefined
      if (event.epcList.length + event.quantityList.length === 0 && !sensed) {
        rule(
          door,
          `${path}/epcList`,
          'Name codes in epcList or goods in quantityList; sensor data alone needs a readPoint.',
        )
      }
      if (event.ilmd && event.action !== 'ADD') {
        rule(door, `${path}/ilmd`, 'Data of instances and lots are given when they come to be: only with action ADD.')
      }
      return
    }
    case 'AggregationEvent':
    case 'AssociationEvent':
      return checkContainment(door, event, path)
    case 'TransactionEvent':
      if (event.bizTransactionList.length === 0) {
        rule(door, `${path}/bizTransactionList`, 'Name the business transaction that these goods belong to.')
      }
      if (event.action !== 'DELETE' && event.epcList.length + event.quantityList.length === 0) {
        rule(
          door,
          `${path}/epcList`,
          'Name codes in epcList or goods in quantityList; only DELETE may mean all of them.',
        )
      }
      return checkParent(door, event.parentID, event.epcList)
    case 'TransformationEvent': {
      const inputs = event.inputEPCList.length + event.inputQuantityList.length
      const outputs = event.outputEPCList.length + event.outputQuantityList.length
      const enough = event.transformationID === undefined ? inputs > 0 && outputs > 0 : inputs + outputs > 0
      if (enough) return
      const field = inputs === 0 ? 'inputEPCList' : 'outputEPCList'
      rule(
        door,
        `${path}/${field}`,
        'Name inputs and outputs, or give a transformationID that ties several events together.',
      )
    }
  }
}

function checkContainment(
  door: Door,
  event: Extract<EpcisEvent, { type: 'AggregationEvent' | 'AssociationEvent' }>,
  path: string,
): void {
  const { type, action, parentID, childEPCs, childQuantityList } = event
  // EPCIS 2.0: an aggregation may leave the parent out when it only observes, an association never.
  if (parentID === undefined && (type === 'AssociationEvent' || action !== 'OBSERVE')) {
    rule(door, `${path}/parentID`, `Name the container or asset: ${type} with action ${action} needs parentID.`)
  }
  if (childEPCs.length + childQuantityList.length === 0 && action !== 'DELETE') {
    rule(door, `${path}/childEPCs`, `Name the children: only action DELETE may leave them out, and then means all.`)
  }
  checkParent(door, parentID, childEPCs)
}

function checkParent(door: Door, parent: Epc | undefined, children: readonly Epc[]): void {
  if (parent === undefined) return
  for (const child of children) {
    if (child.link === parent.link)
      rule(door, child.path, 'This is the parent itself; nothing is inside itself.', child.text)
  }
}

/** A list of codes is a set: the same thing twice, in whatever spelling, is a slip of the sender. */
function checkUnique(door: Door, epcs: readonly Epc[], path: string): void {
  if (epcs.length < 2) return
  const seen = new Map<string, Epc>()
  for (const epc of epcs) {
    const first = seen.get(epc.link)
    if (first === undefined) seen.set(epc.link, epc)
    else rule(door, epc.path, `This names the same as ${first.path}: send each only once in ${path}.`, epc.text)
  }
}

/** Pairs of action and business step that contradict each other (CBV 2.0, section 7.1). */
function checkAction(door: Door, event: EpcisEvent, path: string): void {
  if (event.type === 'TransformationEvent') return
  const { action, bizStep, type } = event
  const contradicts = (detail: string) => rule(door, `${path}/action`, detail, action)
  if (type === 'ObjectEvent') {
    if (bizStep === 'commissioning' && action !== 'ADD')
      contradicts('Commissioning brings codes to life: send action ADD.')
    if (bizStep === 'decommissioning' && action === 'ADD') {
      contradicts('Decommissioning takes codes out of use: send action DELETE.')
    }
    if (bizStep === 'destroying' && action === 'ADD') contradicts('Destroying ends what there is: send action DELETE.')
  } else if (type === 'AggregationEvent') {
    if (bizStep === 'packing' && action === 'DELETE')
      contradicts('Packing puts together: send ADD, or bizStep unpacking.')
    if (bizStep === 'unpacking' && action === 'ADD')
      contradicts('Unpacking takes apart: send DELETE, or bizStep packing.')
  }
}

function checkQuantities(door: Door, event: EpcisEvent): void {
  for (const { quantities } of quantityLists(event)) {
    for (const { quantity, uom, path } of quantities) {
      if (quantity?.startsWith('-')) rule(door, `${path}/quantity`, 'A quantity of goods is never negative.', quantity)
      if (quantity === undefined && uom !== undefined) {
        rule(door, `${path}/uom`, 'A unit without a quantity says nothing: send both, or neither.', uom)
      }
    }
  }
}

/** EPCIS 2.0, section 7.4.1.2. That the event equals the one it takes back is for the ledger to see. */
function checkDeclaration(
  door: Door,
  event: EpcisEvent,
  declaration: ErrorDeclaration,
  path: string,
  clock: Clock,
): void {
  checkTime(door, declaration.declarationTime.at, `${path}/declarationTime`, clock)
  const { reason, correctiveEventIDs } = declaration
  if (reason === 'did_not_occur' && correctiveEventIDs.length > 0) {
    rule(
      door,
      `${path}/correctiveEventIDs`,
      'What did not occur has no corrected form: leave this out, or say incorrect_data.',
    )
  }
  correctiveEventIDs.forEach((id, i) => {
    if (id !== event.eventID) return
    rule(door, `${path}/correctiveEventIDs/${i}`, 'The event that corrects this one needs an id of its own.', id)
  })
}
