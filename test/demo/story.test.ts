import t from 'tap'
import { readCode } from '../../src/gs1/read.ts'
import { digitalLink } from '../../src/gs1/write.ts'
import { listening } from './world.ts'

// The whole story against a service that listens, with fewer bottles than it usually has: what counts is what the ledger says
// afterwards.
t.test('the story', async (t) => {
  const app = await listening(t)
  const { operator, play } = app

  const played = await play('--bottles', '30')
  t.equal(played.err, '')
  t.equal(played.status, 0)
  t.match(played.out, /Orders codes for bottles +30\/30/)
  t.match(played.out, /Packs bottles into cases +3\/3/, 'the last case is not full')
  t.match(played.out, /409 already_sold/, "the service's own words about the copy")
  t.match(played.out, /409 code_forged/, 'and about the forgery')
  t.match(played.out, /the bottle that was sold: sold/)
  t.match(played.out, /a bottle at the wholesaler: known/)
  t.match(played.out, /the forgery: forged/)
  t.match(played.out, /33 codes, \d+ events, \d+ requests in [\d.]+ s/, 'figures')
  t.notMatch(played.out, /undefined|NaN|\[object/)

  const link = /https:\/\/id\.gs1\.org\/01\/\d{14}\/21\/\w+/.exec(played.out)?.[0]
  t.type(link, 'string', 'the bottle is named')
  const path = `/units/${encodeURIComponent(link ?? '')}`
  const unit = await operator.expect<{ state: string; eventCount: number }>(200, 'GET', path)
  t.equal(unit.state, 'sold')
  const history = await operator.expect<{ events: { bizStep: string }[]; findings: unknown[] }>(
    200,
    'GET',
    `${path}/history`,
  )
  t.same(
    history.events.map(({ bizStep }) => bizStep),
    [
      ...['commissioning', 'packing', 'packing', 'shipping', 'departing', 'arriving', 'receiving'],
      ...['unpacking', 'shipping', 'receiving', 'unpacking', 'retail_selling'],
    ],
    'its life, movements of its containers included',
  )
  t.equal(history.findings.length, 1, 'the second sale is a finding')
  t.match(played.out, new RegExp(`${history.events.length} events, 1 finding about this bottle`))

  for (const address of played.out.match(/http:\/\/127\S+\/\S+/g) ?? []) {
    const { pathname } = new URL(address)
    t.not((await operator.call('GET', pathname)).statusCode, 404, `there is something at ${pathname}`)
  }
})

t.test('again on the same service, with the least there is to tell', async (t) => {
  const { play, operator } = await listening(t)
  for (const bottles of ['2', '2', '13']) {
    const played = await play('--bottles', bottles)
    t.equal(played.err, '')
    t.equal(played.status, 0)
  }
  const participants = await operator.expect<{ name: string }[]>(200, 'GET', '/participants?perPage=100&role=producer')
  t.equal(participants.length, 3, 'each run has its own firms')
})

t.test('the forgery differs in its tail alone', async (t) => {
  const { play, operator } = await listening(t)
  const { out } = await play('--bottles', '12')
  const findings = await operator.expect<{ code: string; objects: { code: string }[] }[]>(200, 'GET', '/findings')
  const forged = findings.find(({ code }) => code === 'code_forged')
  const { reading } = readCode(forged?.objects[0]?.code ?? '')
  t.equal(reading?.kind, 'unit')
  if (reading?.kind !== 'unit') return
  const unit = await operator.expect<{ state: string }>(
    200,
    'GET',
    `/units/${encodeURIComponent(digitalLink(reading))}`,
  )
  t.equal(unit.state, 'active', 'the bottle behind it is genuine and was not touched')
  t.match(out, /Look further/)
})
