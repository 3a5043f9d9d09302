// The codes of an order as text, a block at a time: made while the client reads, never kept, the same bytes every time.
import { setImmediate } from 'node:timers/promises'
import type { Pool } from 'pg'
import { digitalLink, elementString } from '../gs1/write.ts'
import { isSerial, type Serial } from '../gs1/identifiers.ts'
import { Problem } from '../http/problem.ts'
import type { Order } from './block-cache.ts'
import { blockCount, unpackBlock } from './order.ts'
import { blockSize, ownSerial, unitId } from './serial.ts'
import * as store from './store.ts'
import { makeTail } from './tail.ts'

export const codeFormats = {
  text: 'text/plain; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
} as const
export type CodeFormat = keyof typeof codeFormats

const mediaTypes: Readonly<Record<string, CodeFormat>> = {
  '*/*': 'text',
  'text/*': 'text',
  'text/plain': 'text',
  'application/*': 'ndjson',
  'application/x-ndjson': 'ndjson',
  'text/csv': 'csv',
}

/**
 * The format that a request asks for: by `?format`, else by Accept (RFC 9110, section 12.5.1), else text.
 * @throws Problem not_acceptable
 */
export function chooseFormat(format: CodeFormat | undefined, accept: string | undefined): CodeFormat {
  if (format !== undefined) return format
  if (accept === undefined || accept.trim() === '') return 'text'
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return { format: mediaTypes[type], weight: weight === undefined ? 1 : Number(weight.slice(2)) }
  })
  let best: { format: CodeFormat | undefined; weight: number } = { format: undefined, weight: 0 }
  for (const range of ranges) if (range.format && range.weight > best.weight) best = range
  if (best.format === undefined) {
    throw new Problem('not_acceptable', {
      detail:
        'Codes come as text/plain, application/x-ndjson or text/csv. Ask for one of these in Accept, or with ?format=.',
    })
  }
  return best.format
}

/** The block as the query names it. @throws Problem not_found */
export function checkBlock(order: Order, block: number): number {
  const count = blockCount(order.quantity)
  if (block < count) return block
  throw new Problem('not_found', {
    detail: `The order has ${count} block${count === 1 ? '' : 's'}; blocks count from 0, so ask for 0 to ${count - 1}.`,
  })
}

const blocksPerQuery = 8 // 64 KB from the database at a time, so that a slow client costs no more than that.
const codesPerChunk = { mac: 1_000, signature: 200 } as const // 2 to 8 ms of computing tails between two turns of others.

/** The codes of the blocks [from, to) of an order. */
export async function* codeLines(
  context: { pool: Pool; issuingState: string },
  order: Order,
  format: CodeFormat,
  from = 0,
  to = blockCount(order.quantity),
): AsyncGenerator<Buffer> {
  const write = lineWriter(order, format)
  if (format === 'csv') yield Buffer.from(csvHeader)
  const size = codesPerChunk[order.tailKey.kind]
  for (let block = from; block < to; block += blocksPerQuery) {
    const serials = await readSerials(context, order, block, Math.min(block + blocksPerQuery, to))
    for (let i = 0; i < serials.length; i += size) {
      let text = ''
      for (const serial of serials.slice(i, i + size)) text += write(serial)
      yield Buffer.from(text, 'latin1')
      // A client that reads fast would otherwise never let anyone else in.
      await setImmediate()
    }
  }
}

async function readSerials(
  context: { pool: Pool; issuingState: string },
  order: Order,
  from: number,
  to: number,
): Promise<Serial[]> {
  if (order.origin === 'brought') {
    const end = Math.min(to * blockSize, order.quantity)
    const rows = await store.listForeignNames(context.pool, unitId(order.no, from * blockSize), unitId(order.no, end))
    return rows.map((row) => row.serial).filter(isSerial)
  }
  const blocks = Array.from({ length: to - from }, (_, i) => from + i)
  const rows = await store.findBlocks(
    context.pool,
    blocks.map(() => order.no),
    blocks,
  )
  const serials: Serial[] = []
  for (const row of rows.sort((a, b) => a.block - b.block)) {
    for (const random of unpackBlock(row.randoms)) serials.push(ownSerial(context.issuingState, order.no, random))
  }
  return serials
}

const csvHeader = 'code,gtin,serial\r\n'

/** One code as a line; `code` is always the element string, with GS as \x1d. */
function lineWriter(order: Order, format: CodeFormat): (serial: Serial) => string {
  const { gtin, tailKey } = order
  const element = (serial: Serial) => elementString({ gtin, serial, tail: makeTail(tailKey, gtin, serial) })
  switch (format) {
    case 'text':
      return (serial) => `${element(serial)}\n`
    case 'ndjson':
      return (serial) =>
        `${JSON.stringify({ code: element(serial), gtin, serial, digitalLink: digitalLink({ gtin, serial }) })}\n`
    case 'csv':
      return (serial) => `${csvField(element(serial))},${csvField(gtin)},${csvField(serial)}\r\n`
  }
}

/**
 * A quoted field (RFC 4180) that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe, which a
 * spreadsheet hides. Only serials brought along can begin so; the column `code` begins with 01 and is always exact.
 */
export const csvField = (text: string): string =>
  `"${/^[=+\-@\t\r]/.test(text) ? "'" : ''}${text.replaceAll('"', '""')}"`
