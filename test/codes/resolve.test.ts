import { buffer, text } from 'node:stream/consumers'
import t from 'tap'
import { codeLines, type CodeFormat } from '../../src/codes/download.ts'
import { claimUnits } from '../../src/codes/claim-units.ts'
import type { Order } from '../../src/codes/block-cache.ts'
import { inTransaction } from '../../src/codes/store.ts'
import { claimedFrom, orderObjectId, ownSerial, unitId } from '../../src/codes/serial.ts'
import { isSerial } from '../../src/gs1/identifiers.ts'
import { elementString } from '../../src/gs1/write.ts'
import { Problem } from '../../src/http/problem.ts'
import { cigarettes, openBundle, read, vodka, type Bundle } from './bundle.ts'

const orderOf = async (bundle: Bundle, id: string): Promise<Order> => {
  const { rows } = await bundle.admin.query<{ no: number }>('select no from code_order where id = $1', [id])
  const order = await bundle.resolver.order(rows[0]?.no ?? 0)
  if (!order) throw new Error(`no order ${id}`)
  return order
}
const lines = async (bundle: Bundle, order: Order, block?: number, format: CodeFormat = 'text') =>
  (await text(codeLines(bundle.context, order, format, block, block === undefined ? undefined : block + 1)))
    .split('\n')
    .filter((line) => line !== '')

t.test('every code of an order is found again, at its rank, by any process', async (t) => {
  const bundle = await openBundle(t)
  for (const of of [vodka, cigarettes]) {
    for (const quantity of [1, 1_000, 1_001]) {
      const placed = await bundle.order(bundle.actors.maker, of, quantity)
      t.match(placed, { gtin: of, quantity, state: 'ready', blocks: Math.ceil(quantity / 1_000), issued: quantity })
      const order = await orderOf(bundle, placed.id)
      const codes = await lines(bundle, order)
      t.equal(new Set(codes).size, quantity)
      const other = await bundle.openProcess()
      for (const resolver of [bundle.resolver, other.resolver, other.resolver]) {
        const found = await resolver.resolve(codes.map(read))
        t.ok(
          found.every((answer, i) => answer.kind === 'unit' && answer.objectId === unitId(order.no, i)),
          `${quantity} at their ranks`,
        )
        t.ok(
          found.every((answer) => answer.kind === 'unit' && answer.tail === 'valid' && answer.order?.no === order.no),
        )
      }
      const ids = codes.map((_, i) => unitId(order.no, i))
      const names = await other.resolver.describe(ids)
      t.same(
        names.map((name) => name && elementString(name)),
        codes.map((code) => code.slice(0, code.indexOf('\x1d'))),
        'and named again',
      )
    }
  }
})

t.test('a block again, or the whole, is the same bytes; also after a rotation, in another process', async (t) => {
  const bundle = await openBundle(t)
  for (const of of [vodka, cigarettes]) {
    const placed = await bundle.order(bundle.actors.maker, of, 2_001)
    const order = await orderOf(bundle, placed.id)
    const before = await buffer(codeLines(bundle.context, order, 'text'))
    const blocks = await Promise.all(
      [0, 1, 2].map((block) => buffer(codeLines(bundle.context, order, 'text', block, block + 1))),
    )
    t.same(Buffer.concat(blocks), before, 'the blocks make up the whole')

    await bundle.keys.rotate(['mac', 'signature'], bundle.actors.maker.key.no, async () => undefined)
    const other = await bundle.openProcess()
    const again = await other.resolver.order(order.no)
    t.same(again && (await buffer(codeLines(other.context, again, 'text'))), before)
    const newer = await orderOf(bundle, (await bundle.order(bundle.actors.maker, of, 1)).id)
    t.not(newer.tailKey.id, order.tailKey.id, 'a new order has the new key')
    const mixed = await other.resolver.resolve([
      read((await lines(bundle, order, 1))[0] ?? ''),
      read((await lines(bundle, newer))[0] ?? ''),
    ])
    t.same(
      mixed.map((answer) => answer.kind === 'unit' && answer.tail),
      ['valid', 'valid'],
      'old and new verify',
    )
  }
})

t.test('what was never issued is unknown, and a wrong tail is forged', async (t) => {
  const bundle = await openBundle(t)
  const order = await orderOf(bundle, (await bundle.order(bundle.actors.maker, vodka, 2_500)).id)
  const second = await orderOf(bundle, (await bundle.order(bundle.actors.maker, vodka, 10)).id)
  const [code = ''] = await lines(bundle, order, 2)
  const [gtinAndSerial = '', tail91 = '', tail92 = ''] = code.split('\x1d')
  const verdict = async (text: string) => {
    const [cold] = await (await bundle.openProcess()).resolver.resolve([read(text)])
    const [warm] = await bundle.resolver.resolve([read(text)])
    t.same(warm, cold, 'warm and cold agree')
    return cold?.kind === 'fault'
      ? (cold.fault.hint ?? cold.fault.code)
      : cold?.kind === 'unit'
        ? cold.tail
        : cold?.kind
  }
  const other = (text: string) => text.slice(0, -1) + (text.endsWith('5') ? '6' : '5')
  const taken = new Set((await lines(bundle, order)).map((line) => line.slice(18, 33)))
  const free = [0, 1, 36 ** 8 - 1]
    .map((random) => ownSerial('4', order.no, random))
    .filter((serial) => !taken.has(serial))

  t.equal(await verdict(code), 'valid')
  t.equal(await verdict(gtinAndSerial), 'absent')
  t.equal(await verdict(`${gtinAndSerial}\x1d${tail91}\x1d${other(tail92)}`), 'forged')
  t.equal(await verdict(`${gtinAndSerial}\x1d91ZZZZ\x1d${tail92}`), 'forged', 'a key that is not the order’s')
  t.equal(await verdict(`${gtinAndSerial}\x1d${tail91}\x1d92${'A'.repeat(86)}`), 'forged', 'of another length')
  t.equal(await verdict(`01${cigarettes}21${gtinAndSerial.slice(18)}`), 'code_unknown', 'under another GTIN')
  t.equal(await verdict(`01${vodka}21${ownSerial('4', 999_999, 5)}`), 'code_unknown', 'of no order')
  t.equal(await verdict(`01${vodka}21${ownSerial('4', second.no, 36 ** 8 - 1)}`), 'code_unknown')
  for (const serial of free) t.equal(await verdict(`01${vodka}21${serial}`), 'code_unknown', serial)
  t.equal(await verdict(`01${vodka}21HELLO\x1d91EE06\x1d92abcd`), 'code_unknown')
  t.equal(await verdict('00046006700000000018'), 'logistic')

  const lower =
    code.slice(0, 18) +
    code.slice(18).replace(/[A-Za-z]/g, (c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()))
  const hasLetters = lower.slice(18, 33) !== code.slice(18, 33)
  if (hasLetters) t.equal(await verdict(lower), 'changed_case', 'Caps Lock')
  const small = tail92.toLowerCase()
  if (small !== tail92) t.equal(await verdict(`${gtinAndSerial}\x1d${tail91}\x1d${small}`), 'changed_case')
})

t.test('logistic units are negative numbers, both ways', async (t) => {
  const bundle = await openBundle(t)
  const [answer] = await bundle.resolver.resolve([read('00046006700000000018')])
  t.match(answer, { kind: 'logistic', objectId: -46006700000000018n })
  t.same(await bundle.resolver.describe([-46006700000000018n, 0n, 5n, orderObjectId(77), claimedFrom]), [
    { sscc: '046006700000000018' },
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

t.test('serials brought along are dense, unique for their GTIN, and never pass for ours', async (t) => {
  const bundle = await openBundle(t)
  const { maker } = bundle.actors
  const serials = Array.from({ length: 1_001 }, (_, i) => `B-${i}`)
  const placed = await bundle.order(maker, vodka, serials)
  t.match(placed, { quantity: 1_001, blocks: 2, origin: 'brought' })
  const order = await orderOf(bundle, placed.id)
  const codes = await lines(bundle, order)
  t.same(
    codes.map((code) => code.slice(18, code.indexOf('\x1d'))),
    serials,
    'in the order in which they came',
  )
  t.same(await lines(bundle, order, 1), codes.slice(1_000))

  const other = await bundle.openProcess()
  for (const resolver of [other.resolver, other.resolver]) {
    const found = await resolver.resolve(codes.map(read))
    t.ok(
      found.every(
        (answer, i) => answer.kind === 'unit' && answer.objectId === unitId(order.no, i) && answer.tail === 'valid',
      ),
    )
  }
  const elsewhere = await other.resolver.resolve([read(`01${vodka}21B-7\x1d91EE06\x1d92abcd`), read(`01${vodka}21B-7`)])
  t.same(
    elsewhere.map((answer) => answer.kind === 'unit' && answer.tail),
    ['absent', 'absent'],
    'another system’s tail is not ours to judge',
  )
  const [forged] = await other.resolver.resolve([
    read(`01${vodka}21B-7\x1d91${order.tailKey.id}\x1d92AAAAAAAAAAAAAAAA`),
  ])
  t.match(forged, { kind: 'unit', tail: 'forged' })
  t.same(await other.resolver.describe([unitId(order.no, 7), unitId(order.no, 1_001)]), [
    { gtin: vodka, serial: 'B-7' },
    undefined,
  ])

  await t.rejects(bundle.order(maker, vodka, ['NEW', 'B-3', 'ALSO', 'B-1000']), {
    code: 'taken',
    errorCount: 2,
    errors: [
      { path: '/serials/1', value: 'B-3' },
      { path: '/serials/3', value: 'B-1000' },
    ],
  })
  const [unknown] = await other.resolver.resolve([read(`01${vodka}21NEW`)])
  t.equal(unknown?.kind, 'fault', 'nothing of a refused order is there')
  await t.resolves(bundle.order(maker, cigarettes, ['B-3']), 'another GTIN may have it')
  await t.rejects(bundle.order(maker, vodka, ['X', 'Y', 'X', 'й', '', 'Z'.repeat(21)]), {
    code: 'field_invalid',
    errors: [{ path: '/serials/2' }, { path: '/serials/3' }, { path: '/serials/4' }, { path: '/serials/5' }],
  })

  const own = await orderOf(bundle, (await bundle.order(maker, vodka, 3)).id)
  const ours = (await lines(bundle, own)).map((line) => line.slice(18, 33))
  await t.rejects(bundle.order(maker, vodka, ['FINE', ours[1] ?? '']), {
    code: 'taken',
    errors: [{ path: '/serials/1' }],
  })
  const lookalike = ownSerial('4', own.no, 36 ** 8 - 1)
  if (!ours.includes(lookalike)) {
    const forgery = await orderOf(bundle, (await bundle.order(maker, vodka, [lookalike])).id)
    const [answer] = await bundle.resolver.resolve([read(`01${vodka}21${lookalike}`)])
    t.match(answer, { order: { no: forgery.no, origin: 'brought' } }, 'it belongs to the order that brought it')
  }
})

t.test('two orders that bring the same serials at once: one has them', async (t) => {
  const bundle = await openBundle(t)
  const serials = Array.from({ length: 500 }, (_, i) => `S${i}`)
  const attempts = await Promise.allSettled(
    [serials, serials.toReversed(), serials].map((list) => bundle.order(bundle.actors.maker, vodka, list)),
  )
  t.equal(attempts.filter((attempt) => attempt.status === 'fulfilled').length, 1)
  for (const attempt of attempts) if (attempt.status === 'rejected') t.match(attempt.reason, { code: 'taken' })
})

t.test('units claimed without an order keep their id', async (t) => {
  const bundle = await openBundle(t)
  const units = ['C1', 'C2', 'C1', 'C3'].flatMap((serial) => (isSerial(serial) ? [{ gtin: vodka, serial }] : []))
  const claim = () => inTransaction(bundle.pool, (client) => claimUnits(client, units))
  const [ids, again] = await Promise.all([claim(), claim()])
  t.same(again, ids, 'at the same time, the same ids')
  t.equal(ids[0], ids[2])
  t.equal(new Set(ids).size, 3)
  t.ok(ids.every((id) => id >= claimedFrom))
  t.match(await bundle.resolver.resolve([read(`01${vodka}21C2\x1d91EE06\x1d92abcd`)]), [
    { objectId: ids[1], order: undefined, tail: 'absent' },
  ])
  t.same(await bundle.resolver.describe([ids[3] ?? 0n]), [{ gtin: vodka, serial: 'C3' }])

  const lost = inTransaction(bundle.pool, async (client) => {
    await claimUnits(
      client,
      units.map((unit) => ({ ...unit, gtin: cigarettes })),
    )
    throw new Problem('busy')
  })
  await t.rejects(lost, { code: 'busy' })
  t.match(await bundle.resolver.resolve([read(`01${cigarettes}21C1`)]), [{ fault: { code: 'code_unknown' } }])
  await t.rejects(
    bundle.order(bundle.actors.maker, vodka, ['C1']),
    { code: 'taken' },
    'what circulates cannot be ordered anew',
  )
})

t.test('more blocks than memory holds, and the same block wanted by many at once', async (t) => {
  const bundle = await openBundle(t)
  const order = await orderOf(bundle, (await bundle.order(bundle.actors.maker, vodka, 300_000)).id)
  const every = (await lines(bundle, order)).filter((_, i) => i % 700 === 0)
  const { resolver } = await bundle.openProcess()
  const answers = await Promise.all(Array.from({ length: 5 }, () => resolver.resolve(every.map(read))))
  for (const found of answers) {
    t.ok(found.every((answer, i) => answer.kind === 'unit' && answer.objectId === unitId(order.no, i * 700)))
  }
})

t.test('blocks, orders and keys cannot be changed', async (t) => {
  const bundle = await openBundle(t)
  await bundle.order(bundle.actors.maker, vodka, 5)
  for (const table of ['code_block', 'code_order', 'foreign_serial', 'tail_key']) {
    await t.rejects(bundle.pool.query(`delete from ${table}`), { code: '42501' }, table)
    await t.rejects(bundle.admin.query(`truncate ${table} cascade`), { code: '42501' }, `${table} by the superuser`)
  }
  await t.rejects(bundle.admin.query(`update code_block set randoms = randoms`), { code: '42501' })
})
