import type { Act } from '../custody/law.ts'
import type { State } from '../custody/object.ts'
import { inCanonicalOrder } from '../epcis/canonical.ts'
import type { Epc, EpcisEvent, ObjectEvent } from '../epcis/event.ts'
import { successorsOf } from './replace.ts'

/** What an event asks for, in the words of the law of custody. */
export type Interpretation = {
  parts: { act: Act; epcs: readonly Epc[] }[]
  container?: Epc
  /** Unpack all that is in the container. */
  everything?: boolean
  /** Where the act leaves a choice of what the objects become. */
  becomes?: State
  /** Of each old code the one that takes its place. */
  successors?: ReadonlyMap<Epc, Epc>
}

const carrying = new Set(['loading', 'departing', 'transporting', 'arriving', 'unloading'])

/**
 * Which acts an event claims. ObjectEvent, AggregationEvent and TransformationEvent move objects; TransactionEvent and
 * AssociationEvent are recorded for the objects that they name. An ObjectEvent's action decides first, then its disposition, then
 * its step; a step that moves nothing is an observation. The codes of each part are in canonical order, whatever order they came in.
 * @param customs the event is a customs officer's: some steps then mean an act of authority
 */
export function interpret(event: EpcisEvent, customs: boolean): Interpretation {
  const asked = actsOf(event, customs)
  return { ...asked, parts: asked.parts.map(({ act, epcs }) => ({ act, epcs: inCanonicalOrder(epcs) })) }
}

function actsOf(event: EpcisEvent, customs: boolean): Interpretation {
  switch (event.type) {
    case 'ObjectEvent':
      return {
        parts: objectParts(event.action, event.bizStep, event.disposition, event.epcList, customs),
        ...(isUnsaleable(event) ? { becomes: 'withdrawn' as const } : {}),
      }
    case 'AggregationEvent':
      return aggregation(event)
    case 'AssociationEvent':
      return { parts: [{ act: 'record', epcs: withParent(event.parentID, event.childEPCs) }] }
    case 'TransactionEvent':
      return { parts: [{ act: 'record', epcs: withParent(event.parentID, event.epcList) }] }
    case 'TransformationEvent': {
      const successors = successorsOf(event)
      if (successors) {
        const parts = [
          { act: 'mark_anew' as const, epcs: event.outputEPCList },
          { act: 'replace' as const, epcs: event.inputEPCList },
        ]
        return { parts, successors }
      }
      return {
        parts: [
          { act: 'consume', epcs: event.inputEPCList },
          { act: 'produce', epcs: event.outputEPCList },
        ],
      }
    }
  }
}

/** What a buyer brought back and nobody can buy again. */
const isUnsaleable = ({ action, bizStep, disposition, persistentDisposition }: ObjectEvent): boolean =>
  action === 'OBSERVE' &&
  objectAct(action, bizStep, disposition, false) === 'take_back' &&
  (persistentDisposition?.set.includes('non_sellable_other') ?? false)

const withParent = (parent: Epc | undefined, epcs: readonly Epc[]) => (parent ? [parent, ...epcs] : epcs)

function aggregation(event: Extract<EpcisEvent, { type: 'AggregationEvent' }>): Interpretation {
  const { action, parentID, childEPCs, childQuantityList } = event
  if (action === 'OBSERVE' || parentID === undefined) {
    return { parts: [{ act: 'observe', epcs: withParent(parentID, childEPCs) }] }
  }
  if (action === 'ADD') return { container: parentID, parts: [{ act: 'pack', epcs: childEPCs }] }
  const everything = childEPCs.length === 0 && childQuantityList.length === 0
  return { container: parentID, parts: [{ act: 'unpack', epcs: childEPCs }], everything }
}

function objectParts(
  action: 'ADD' | 'OBSERVE' | 'DELETE',
  step: string | undefined,
  disposition: string | undefined,
  epcs: readonly Epc[],
  customs: boolean,
): Interpretation['parts'] {
  if (action === 'ADD') {
    const logistic = epcs.filter((epc) => epc.reading.kind === 'logistic')
    const units = epcs.filter((epc) => epc.reading.kind !== 'logistic')
    return [
      { act: disposition === 'encoded' ? ('encode' as const) : ('commission' as const), epcs: units },
      { act: 'create_logistic_unit' as const, epcs: logistic },
    ].filter((part) => part.epcs.length > 0)
  }
  return [{ act: objectAct(action, step, disposition, customs), epcs }]
}

function objectAct(
  action: 'OBSERVE' | 'DELETE',
  step: string | undefined,
  disposition: string | undefined,
  customs: boolean,
): Act {
  if (disposition === 'stolen') return 'lose'
  if (step === 'retail_selling' || disposition === 'retail_sold') return 'sell'
  if (step === 'destroying' || disposition === 'destroyed') return 'destroy'
  if (step === 'decommissioning' || disposition === 'recalled' || action === 'DELETE') return 'withdraw'
  if (step === 'shipping') return 'ship'
  if (step === 'void_shipping') return 'void_shipping'
  if (step === 'receiving') return disposition === 'returned' ? 'take_back' : 'receive'
  if (step === 'dispensing' && disposition === 'partially_dispensed') return 'open'
  if (customs && disposition === 'active') return 'release'
  if (step === 'holding' && customs) return disposition === 'available' ? 'lift_hold' : 'hold'
  if (step !== undefined && carrying.has(step)) return 'carry'
  return 'observe'
}

/** What a mandate must allow for each act (`may` of POST /mandates); undefined: an authority's own, under no mandate. */
export const mandateFor: Readonly<Record<Act, string | undefined>> = {
  commission: 'commission',
  encode: 'commission',
  create_logistic_unit: 'pack',
  observe: 'observe',
  record: 'observe',
  open_container: 'pack',
  pack: 'pack',
  unpack_from: 'pack',
  unpack: 'pack',
  ship: 'ship',
  carry: 'ship',
  void_shipping: 'ship',
  redirect: 'ship',
  reject: 'receive',
  come_back: 'receive',
  open: 'sell',
  seize: undefined,
  release: undefined,
  receive: 'receive',
  sell: 'sell',
  take_back: 'sell',
  destroy: 'destroy',
  withdraw: 'destroy',
  lose: 'destroy',
  consume: 'commission',
  produce: 'commission',
  hold: undefined,
  lift_hold: undefined,
  close_order: 'order_codes',
  void_code: 'order_codes',
  replace: 'commission',
  mark_anew: 'commission',
  undo: undefined, // As for what is taken back.
}
