// Voiding codes and closing an order. Both change the fate of objects, so both are entries: checked here for whose they are,
// judged under the log's lock by whoever is handed in as `acts`.
import { readCode, type Reading } from '../gs1/read.ts'
import { fieldProblem, Problem, problemItemsMax, type ProblemItem } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import type { Order } from './block-cache.ts'
import { checkBlock } from './download.ts'
import type { Resolved, Resolver } from './resolve.ts'
import { blockSize, unitId } from './serial.ts'
import type { NewVoid } from './schema.ts'

export type VoidReason = 'spoiled' | 'lost' | 'stolen'

/** Where an act was recorded. */
export type ActReceipt = { eventID: string; recordTime: string; entries: { log: string; position: number }[] }

/** The ledger's side. Each call is one event; it throws a Problem (409) where the judge refuses. */
export type OrderActs = {
  closeOrder(actor: Actor, order: Order): Promise<ActReceipt>
  /** @param ids object ids of units of this order, each once */
  voidCodes(actor: Actor, order: Order, ids: readonly bigint[], reason: VoidReason): Promise<ActReceipt>
}

type Context = { resolver: Resolver; acts: OrderActs }

/** Closes the order: what is unused of it is cancelled, for good. */
export async function closeOrder({ acts }: Context, actor: Actor, order: Order) {
  const receipt = await acts.closeOrder(actor, order)
  return { id: order.id, state: 'closed' as const, ...receipt }
}

/**
 * Voids single codes or a whole block.
 * @throws Problem field_invalid, and what is wrong with single codes, each with its path
 */
export async function voidCodes({ resolver, acts }: Context, actor: Actor, order: Order, request: NewVoid) {
  if ((request.codes === undefined) === (request.block === undefined)) {
    throw fieldProblem('', 'Send either codes or a block, not both')
  }
  const ids =
    request.block !== undefined
      ? idsOfBlock(order, checkBlock(order, request.block))
      : await idsOfCodes(resolver, order, request.codes ?? [])
  const receipt = await acts.voidCodes(actor, order, ids, request.reason)
  return { voided: ids.length, ...receipt }
}

function idsOfBlock(order: Order, block: number): bigint[] {
  const from = block * blockSize
  const count = Math.min(blockSize, order.quantity - from)
  return Array.from({ length: count }, (_, i) => unitId(order.no, from + i))
}

type Fault = Pick<ProblemItem, 'code' | 'detail' | 'hint'>

async function idsOfCodes(resolver: Resolver, order: Order, codes: readonly string[]): Promise<bigint[]> {
  const errors: ProblemItem[] = []
  const refuse = (at: number, { code, detail, hint }: Fault) =>
    errors.push({
      path: `/codes/${at}`,
      code,
      detail,
      value: (codes[at] ?? '').slice(0, 100),
      ...(hint ? { hint } : {}),
    })

  const read: { at: number; reading: Reading }[] = []
  codes.forEach((code, at) => {
    const { reading, fault } = readCode(code)
    if (fault) refuse(at, fault)
    else read.push({ at, reading })
  })
  const resolved = await resolver.resolve(read.map((entry) => entry.reading))
  const ids = new Set<bigint>()
  resolved.forEach((answer, i) => {
    const at = read[i]?.at ?? 0
    const fault = faultOf(answer, order)
    if (fault) refuse(at, fault)
    else if (answer.kind === 'unit') ids.add(answer.objectId)
  })
  const [first] = errors.sort((a, b) => Number(a.path.slice(7)) - Number(b.path.slice(7)))
  if (!first) return [...ids]
  // What cannot be read decides the status: nobody knows yet what those codes are.
  const gravest = errors.find((error) => error.code === 'code_malformed' || error.code === 'gtin_check_digit') ?? first
  throw new Problem(gravest.code, {
    detail: 'Nothing was voided. Mend what errors names and send the list again.',
    errors: errors.slice(0, problemItemsMax),
    errorCount: errors.length,
  })
}

function faultOf(answer: Resolved, order: Order): Fault | undefined {
  if (answer.kind === 'fault') return answer.fault
  if (answer.kind === 'logistic' || answer.order?.no !== order.no) {
    return { code: 'code_unknown', detail: 'This is no code of this order. Leave it out.' }
  }
  if (answer.tail === 'forged') {
    return {
      code: 'code_forged',
      detail: 'The verification tail of this code is wrong. Keep the goods apart and report them.',
    }
  }
  return undefined
}
