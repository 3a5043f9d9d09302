// Placing an order: either so many new serials of ours, or a list of serials that the participant brings along.
import { setImmediate } from 'node:timers/promises'
import { customAlphabet } from 'nanoid'
import type { Pool, PoolClient } from 'pg'
import { limits } from '../config/limits.ts'
import { newId } from '../db/id.ts'
import { isSerial, padGtin, type Gtin, type Serial } from '../gs1/identifiers.ts'
import { fieldProblem, Problem, problemItemsMax, type ProblemCode, type ProblemItem } from '../http/problem.ts'
import { actingFor, type Actor } from '../participants/actor.ts'
import { mayOrder, type OrderableProduct } from './access.ts'
import type { Gate } from './gate.ts'
import type { TailKeys } from './keys.ts'
import { blockCount, drawRandomParts, packBlock, type RandomText } from './order.ts'
import type { Resolver } from './resolve.ts'
import { base36, orderNoOf, unitId } from './serial.ts'
import * as store from './store.ts'
import type * as wire from './schema.ts'
import type { TailKind } from './tail.ts'

export type OrderRequest = { gtin: Gtin; quantity: number } | { gtin: Gtin; serials: readonly string[] }

/** @throws Problem field_invalid, gtin_check_digit */
export function readOrderRequest({ gtin, quantity, serials }: wire.NewOrder): OrderRequest {
  const { value, fault } = padGtin(gtin)
  if (fault) throw fieldProblem('/gtin', fault.detail, fault.code)
  if (quantity !== undefined && serials === undefined) return { gtin: value, quantity }
  if (serials !== undefined && quantity === undefined) return { gtin: value, serials }
  throw fieldProblem('/quantity', 'Send either quantity or serials')
}

export type OrderingProduct = OrderableProduct & { tail: TailKind; log: string }

export type OrderingContext = {
  pool: Pool
  keys: TailKeys
  resolver: Resolver
  issuingState: string
  findProduct(gtin: string): Promise<OrderingProduct | undefined>
  /** What large orders pass through: each holds a connection for a second and 30 MB of memory. */
  large: Gate
  /** nanoid's generator if absent; tests give one with a seed. */
  random?: RandomText
}

const nanoidText: RandomText = customAlphabet(base36)

const blocksPerInsert = 50 // 400 KB a statement: large enough to fill the wire, small enough to let others in between.
const largeFrom = 50_000 // Codes; below this an order takes as long as any other request.
const broughtPerInsert = 5_000
const scanned = 20_000 // Serials looked at between two pauses: about 2 ms.

/**
 * Places an order and answers when its codes are ready to be downloaded.
 * @throws Problem not_found, not_mandated, key_limited, field_invalid, taken, busy
 */
export async function placeOrder(context: OrderingContext, caller: Actor, request: OrderRequest): Promise<wire.Order> {
  const product = await context.findProduct(request.gtin)
  if (product === undefined) {
    throw fieldProblem(
      '/gtin',
      `GTIN ${request.gtin} is not registered. Register it first (POST /products).`,
      'not_found',
    )
  }
  const actor = mayOrder(caller, product)
  const key = await context.keys.active(product.tail)
  const order: Omit<store.NewOrder, 'quantity' | 'origin'> = {
    id: newId(),
    gtin: request.gtin,
    participantNo: actingFor(actor).no,
    keyNo: actor.key.no,
    personNo: actor.person?.no,
    mandateNo: actor.mandate?.no,
    log: product.log,
    tailKeyNo: key.no,
  }
  const place = () =>
    'serials' in request
      ? placeBrought(context, order, request.gtin, request.serials)
      : placeOwn(context, order, request.quantity)
  const quantity = 'serials' in request ? request.serials.length : request.quantity
  const placed = quantity > largeFrom ? await context.large(place) : await place()
  return {
    ...placed,
    state: 'ready',
    blocks: blockCount(placed.quantity),
    tail: product.tail,
    participant: actingFor(actor).id,
    issued: placed.quantity,
    used: 0,
    voided: 0,
  }
}

type Draft = Omit<store.NewOrder, 'quantity' | 'origin'>
type Placed = Pick<wire.Order, 'id' | 'gtin' | 'quantity' | 'origin' | 'createdAt'>

async function placeOwn(context: OrderingContext, draft: Draft, quantity: number): Promise<Placed> {
  const sorted = await drawRandomParts(quantity, context.random ?? nanoidText)
  return store.inTransaction(context.pool, async (client) => {
    const order = { ...draft, quantity, origin: 'own' as const }
    const { no, created_at } = await store.insertOrder(client, order)
    for (let from = 0; from < blockCount(quantity); from += blocksPerInsert) {
      const blocks: string[] = []
      for (let block = from; block < Math.min(from + blocksPerInsert, blockCount(quantity)); block++) {
        blocks.push(packBlock(sorted, block))
      }
      await store.insertBlocks(client, no, from, blocks)
    }
    return { id: order.id, gtin: order.gtin, quantity, origin: order.origin, createdAt: created_at.toISOString() }
  })
}

async function placeBrought(
  context: OrderingContext,
  draft: Draft,
  gtin: Gtin,
  given: readonly string[],
): Promise<Placed> {
  const serials = await checkSerials(given)
  await refuseOwnCodes(context, gtin, serials)
  const quantity = serials.length
  return store.inTransaction(context.pool, async (client) => {
    // Two orders for one GTIN would otherwise wait for each other's serials in opposite order.
    await store.lockGtin(client, gtin)
    const order = { ...draft, quantity, origin: 'brought' as const }
    const { no, created_at } = await store.insertOrder(client, order)
    for (let from = 0; from < quantity; from += broughtPerInsert) {
      const part = serials.slice(from, from + broughtPerInsert)
      const ids = part.map((_, i) => unitId(no, from + i))
      const inserted = await store.insertBrought(client, gtin, no, part, ids)
      if (inserted < part.length) throw await clash(client, gtin, no, serials)
    }
    return { id: order.id, gtin, quantity, origin: order.origin, createdAt: created_at.toISOString() }
  })
}

/** Collects what is wrong with single serials: the first 100 in detail, all of them counted. */
function createFaults(code: ProblemCode) {
  const errors: ProblemItem[] = []
  let errorCount = 0
  return {
    add(at: number, detail: string, value: string) {
      errorCount++
      if (errors.length < problemItemsMax)
        errors.push({ path: `/serials/${at}`, code, detail, value: value.slice(0, 50) })
    },
    problem: (detail: string) => (errorCount === 0 ? undefined : new Problem(code, { detail, errors, errorCount })),
  }
}

async function checkSerials(given: readonly string[]): Promise<Serial[]> {
  const faults = createFaults('field_invalid')
  const seen = new Set<string>()
  const serials: Serial[] = []
  for (const [i, serial] of given.entries()) {
    if (!isSerial(serial)) faults.add(i, `must have 1 to ${limits.serialLengthMax} characters of GS1 set 82`, serial)
    else if (seen.has(serial)) faults.add(i, 'is in the list twice', serial)
    else serials.push(serial)
    seen.add(serial)
    if (i % scanned === scanned - 1) await setImmediate()
  }
  const problem = faults.problem('Some serials cannot be taken. Mend what errors names and send the list again.')
  if (problem) throw problem
  return serials
}

const takenDetail = 'Some serials of this GTIN exist already. Leave out what errors names and send the list again.'

/** A serial brought along must not pass for one of ours: those that we issued for this GTIN are taken. */
async function refuseOwnCodes(context: OrderingContext, gtin: Gtin, serials: readonly Serial[]): Promise<void> {
  const faults = createFaults('taken')
  for (let from = 0; from < serials.length; from += scanned) {
    const suspects: number[] = []
    for (let i = from; i < Math.min(from + scanned, serials.length); i++) {
      if (orderNoOf(context.issuingState, serials[i] ?? '') >= 0) suspects.push(i)
    }
    const readings = suspects.flatMap((i) => {
      const serial = serials[i]
      return serial === undefined
        ? []
        : [{ kind: 'unit' as const, gtin, serial, attributes: new Map<string, string>() }]
    })
    const found = await context.resolver.resolve(readings)
    found.forEach((answer, j) => {
      const at = suspects[j] ?? 0
      if (answer.kind === 'unit') faults.add(at, 'is a code of this GTIN already', serials[at] ?? '')
    })
    await setImmediate()
  }
  const problem = faults.problem(takenDetail)
  if (problem) throw problem
}

/** Which of the serials are taken; asked only once it is clear that some are. */
async function clash(client: PoolClient, gtin: Gtin, orderNo: number, serials: readonly Serial[]): Promise<Problem> {
  const faults = createFaults('taken')
  for (let from = 0; from < serials.length; from += broughtPerInsert) {
    const part = serials.slice(from, from + broughtPerInsert)
    const rows = await store.findForeign(
      client,
      part.map(() => gtin),
      part,
    )
    for (const row of rows.sort((a, b) => a.n - b.n)) {
      if (row.order_no === orderNo) continue // Ours, from the portions before.
      const at = from + row.n - 1
      faults.add(at, 'is known for this GTIN already', serials[at] ?? '')
    }
  }
  return faults.problem(takenDetail) ?? new Problem('taken', { detail: takenDetail })
}
