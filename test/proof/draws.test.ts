// A day of draws as strangers see it: from the service, from a file, and changed in any byte.
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { nodePrimitives } from '../../src/proof/node-primitives.ts'
import { parseVerifier } from '../../src/proof/note.ts'
import { canonicalJson } from '../../src/declarations/act.ts'
import { findLists } from '../../src/draw/store.ts'
import { getPages } from '../../src/proof/verify/command-draws.ts'
import { run } from '../../src/proof/verify/command.ts'
import { verifyDraws } from '../../src/proof/verify/draws.ts'
import { verifyBeacons } from '../../src/proof/verify/rounds.ts'
import { declaration, enforce, load, post } from '../border/load.ts'
import * as given from '../support/given.ts'
import { testApp, type TestApp, type TestClock, testClock } from '../support/app.ts'

const dayMs = 86_400_000
type Row = { shift: string; commitment: string; seed?: string }
type Day = {
  shift: string
  seed?: string
  held?: number
  lists: { drawn: { digest: string; draws: { purpose: string; u: number }[] }[] }[]
}

/** Midnight passes, and a service that starts turns the shift, as one that runs does within a minute. */
const turner = (t: Parameters<typeof testApp>[0], app: TestApp, clock: TestClock) => async (): Promise<void> => {
  clock.forward(dayMs)
  const next = await testApp(t, { now: clock.now, database: app.database })
  await next.app.close()
}

async function play(t: Parameters<typeof testApp>[0]) {
  const clock = testClock()
  const chain = { source: 'https://beacon.example/chain', genesis: 1_600_000_000, period: 3 }
  const roundOf = (moment: Date) => Math.floor((moment.getTime() / 1000 - chain.genesis) / chain.period) + 2
  const randomness = (round: number) => round.toString(16).padStart(64, '0')
  const beacon = {
    after: async (moment: Date) => {
      const round = roundOf(moment)
      return { source: chain.source, round, randomness: randomness(round) }
    },
  }
  const ask: typeof fetch = async (url) => {
    const path = url instanceof Request ? url.url : String(url)
    if (path.endsWith('/info')) return Response.json({ genesis_time: chain.genesis, period: chain.period })
    const round = Number(path.split('/').at(-1))
    return Response.json({ round, randomness: randomness(round) })
  }
  const app = await testApp(t, { now: clock.now, beacon })
  const border = await post(app)
  await enforce(border, { random: { red: 1e-9, yellow: 1e-9 } })
  return { app, border, clock, ask, nextDay: turner(t, app, clock) }
}

async function keyOf(app: Awaited<ReturnType<typeof testApp>>) {
  const logs = await app.anonymous.expect<{ id: string; verifierKey: string }[]>(200, 'GET', '/logs')
  return logs.find(({ id }) => id === 'customs')?.verifierKey ?? ''
}

t.test('a shift is committed to before, and computed again after', async (t) => {
  const { app, border, clock, ask, nextDay } = await play(t)
  const shift = clock.now().toISOString().slice(0, 10)
  for (let i = 0; i < 4; i++) {
    await border.maker.expect(201, 'POST', '/declarations', declaration([(await load(border)).sscc], 12))
  }
  const withheld = declaration([(await load(border)).sscc], 13)
  const { id } = await border.maker.expect<{ id: string }>(201, 'POST', '/declarations', withheld)
  const during = await app.anonymous.expect<Row[]>(200, 'GET', '/draws')
  t.equal(during.length, 2, 'today and tomorrow')
  const today = during.find((row) => row.shift === shift)
  t.notOk(during.some(({ seed }) => seed !== undefined))
  const early = await app.anonymous.call('GET', `/draws/${shift}`)
  t.same(early.json<Day>().lists, [], 'nothing is told while it lasts')
  const key = parseVerifier(await keyOf(app), nodePrimitives)
  await t.rejects(verifyDraws(early.body, key), /not revealed yet/)

  await nextDay()
  const after = await app.anonymous.call('GET', `/draws/${shift}`)
  t.equal(after.statusCode, 200)
  const told = after.json<Day & Row>()
  t.equal(told.commitment, today?.commitment)
  t.match(told.seed, /^[0-9a-f]{64}$/)
  const report = await verifyDraws(after.body, key)
  t.match(report, { shift, acts: 4, offline: 0 })
  t.ok(report.draws >= 8)
  t.equal(await verifyBeacons(after.body, ask), 1, 'the clock stood, so it was one round')
  t.notOk(after.body.includes(id), 'nothing of the trade')
  await app.anonymous.expect(404, 'GET', '/draws/2000-01-01')

  const officer = border.officers[0]
  await officer.expect(201, 'POST', `/declarations/${id}/presentations`, { office: 'KG-BISHKEK', vehicle: 'X' })
  await nextDay()
  const later = (await app.anonymous.call('GET', `/draws/${shift}`)).body
  t.ok((await verifyDraws(later, key)).acts >= 4, 'what was held back is listed once the goods are there')
  t.equal((await app.anonymous.expect<Row[]>(200, 'GET', '/draws?perPage=1')).length, 1)

  const { lists, more } = await findLists(app.app.pg.pool, shift, -1, 1)
  t.match([lists.length, more], [1, true], 'a page has one list at least')
  const rest = await app.anonymous.call('GET', `/draws/${shift}?after=${lists[0]?.position}`)
  const day = JSON.parse(later) as Day
  const [firstPage, last] = [canonicalJson({ ...day, lists: day.lists.slice(0, 1) }), `/draws/${shift}?after=1`]
  await t.rejects(verifyDraws(rest.body, key), /were listed with the seed/, 'a page alone is not the day')
  const asked: string[] = []
  const joined = await getPages(`https://tamga.example/draws/${shift}`, (url) => {
    asked.push(url)
    const isFirst = asked.length === 1
    return Promise.resolve(
      new Response(isFirst ? firstPage : rest.body, { headers: isFirst ? { link: `<${last}>; rel="next"` } : {} }),
    )
  })
  t.match(asked, [String, `https://tamga.example${last}`])
  t.same((JSON.parse(joined) as Day).lists, day.lists)
  await verifyDraws(joined, key)
})

t.test('one byte changed anywhere is found', async (t) => {
  const { app, border, clock, nextDay } = await play(t)
  const shift = clock.now().toISOString().slice(0, 10)
  await border.maker.expect(201, 'POST', '/declarations', declaration([(await load(border)).sscc], 12))
  await nextDay()
  const { body } = await app.anonymous.call('GET', `/draws/${shift}`)
  const key = parseVerifier(await keyOf(app), nodePrimitives)
  await verifyDraws(body, key)
  const taken: string[] = []
  for (let at = 0; at < body.length; at++) {
    const other = String.fromCharCode(body.charCodeAt(at) ^ (/[0-9a-zA-Z]/.test(body[at] ?? '') ? 1 : 2))
    const changed = body.slice(0, at) + other + body.slice(at + 1)
    await verifyDraws(changed, key).then(
      () => taken.push(body.slice(at - 20, at + 20)),
      () => undefined,
    )
  }
  t.same(taken, [], `${body.length} bytes, each changed once`)
})

t.test('from the command line: by address, and from a file without the service', async (t) => {
  const { app, border, clock, nextDay } = await play(t)
  const shift = clock.now().toISOString().slice(0, 10)
  await border.maker.expect(201, 'POST', '/declarations', declaration([(await load(border)).sscc], 12))
  await nextDay()
  const key = await keyOf(app)
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.app.server.address() as AddressInfo).port}/draws`
  const verify = async (...args: string[]) => {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const status = await run(['draws', ...args], { out, err, env: {} })
    return { status, said: `${String(out.read() ?? '')}${String(err.read() ?? '')}` }
  }
  t.match(await verify(url), { status: 0, said: new RegExp(`VERIFIED: all \\d+ draws of ${shift}`) })
  t.match(await verify(`${url}/${shift}`, '--key', key), { status: 0 })
  const folder = await mkdtemp(join(tmpdir(), 'tamga-draws-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'day.json')
  const body = await (await fetch(`${url}/${shift}`)).text()
  await writeFile(file, body)
  t.match(await verify(file, '--key', key), { status: 0, said: /VERIFIED/ })
  t.match(await verify(file), { status: 2, said: /--key/ })
  await writeFile(
    file,
    body.replace(/"u":0\.(\d)/, (_, digit: string) => `"u":0.${(Number(digit) + 1) % 10}`),
  )
  t.match(await verify(file, '--key', key), { status: 1, said: /NOT VERIFIED/ })
})

t.test('the same goods lodged again are one chance', async (t) => {
  const { app, border, clock, nextDay } = await play(t)
  const shift = clock.now().toISOString().slice(0, 10)
  const { sscc } = await load(border)
  for (let i = 0; i < 20; i++) {
    await border.maker.expect(201, 'POST', '/declarations', declaration([sscc], 12, { route: ['KG', `X${i}`] }))
  }
  await nextDay()
  const { lists } = (await app.anonymous.call('GET', `/draws/${shift}`)).json<Day>()
  const drawn = lists.flatMap((list) => list.drawn)
  t.ok(drawn.length > 0)
  t.equal(new Set(drawn.map(({ digest }) => digest)).size, 1)
  const us = drawn.flatMap(({ draws }) => draws.map(({ purpose, u }) => `${purpose} ${u}`))
  t.equal(new Set(us).size, new Set(us.map((each) => each.split(' ')[0])).size, 'one u for each purpose')
})

t.test('where no beacon answers, the secrets of institutions take its place', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const border = await post(app)
  await enforce(border, { random: { red: 1e-9 } })
  const nextDay = turner(t, app, clock)
  const shift = clock.now().toISOString().slice(0, 10)
  const tomorrow = new Date(clock.now().getTime() + dayMs).toISOString().slice(0, 10)
  const secret = (digit: string) => digit.repeat(64)
  const institutions = [
    await given.participant(app, { roles: ['agency'] }),
    await given.participant(app, { roles: ['auditor'] }),
    await given.participant(app, { roles: ['partner'] }),
  ]
  for (const [i, by] of institutions.entries()) {
    await by.expect(422, 'POST', `/draws/${shift}/shares`, { secret: secret('a') })
    await by.expect(400, 'POST', `/draws/${tomorrow}T/shares`, { secret: secret('a') })
    await by.expect(201, 'POST', `/draws/${tomorrow}/shares`, { secret: secret(['1', '2', '4'][i] ?? '') })
    await by.expect(409, 'POST', `/draws/${tomorrow}/shares`, { secret: secret('a') })
  }
  await border.maker.expect(403, 'POST', `/draws/${tomorrow}/shares`, { secret: secret('a') })
  await nextDay()
  const goods = (await load(border)).sscc
  const { id } = await border.maker.expect<{ id: string }>(201, 'POST', '/declarations', declaration([goods], 12))
  const told = await border.officers[0].expect(200, 'GET', `/declarations/${id}`)
  const beacon = { offline: String, shift: tomorrow, institutions: 3, randomness: secret('7') }
  t.match(told, { decisions: [{ chance: { beacon } }] })
  const early = (await app.anonymous.call('GET', `/draws/${tomorrow}`)).body
  t.notOk(early.includes(secret('1')) || early.includes(secret('7')), 'not before it is over')
  await nextDay()
  const { body } = await app.anonymous.call('GET', `/draws/${tomorrow}`)
  const key = parseVerifier(await keyOf(app), nodePrimitives)
  t.match(await verifyDraws(body, key), { acts: 1, offline: 1 })
  t.ok(body.includes(secret('1')))
  const swapped = body.replaceAll(secret('1'), secret('3')).replaceAll(secret('7'), secret('5'))
  await t.rejects(verifyDraws(swapped, key))
})
