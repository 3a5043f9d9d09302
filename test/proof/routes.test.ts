// A log as strangers see it: by its address, with no key, with an auditor's, and with nothing but a proof in hand.
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { browserPrimitives } from '../../src/proof/browser-primitives.ts'
import { readCheckpoint } from '../../src/proof/checkpoint.ts'
import { parseVerifier } from '../../src/proof/note.ts'
import { splitBundle } from '../../src/proof/tile.ts'
import { verifyTlogProof } from '../../src/proof/tlog-proof.ts'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { stage } from '../support/story.ts'
import { append, verify } from './bundle.ts'

type LogRow = { id: string; origin: string; size: number; verifierKey: string }
type Receipt = { eventID: string; entries: { log: string; position: number }[] }

t.test('from the receipt to the proof', async (t) => {
  const app = await testApp(t)
  const { actors, code, play } = await stage(app, { units: 200 })
  const [maker, rival, customs] = [actors.get('maker')!, actors.get('rival')!, actors.get('customs')!]
  await play('maker commission U150,U151 = ok')
  const scan = { step: 'commissioning', codes: ['U1', 'U2'].map(code) }
  const { eventID, entries } = await maker.expect<Receipt>(201, 'POST', '/scans', scan)
  const path = `/events/${encodeURIComponent(eventID)}/proof`

  const answer = await maker.call('GET', path)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
  t.match(answer.body, new RegExp(`^c2sp\\.org/tlog-proof@v1\nindex ${entries[0]?.position}\n`))
  t.equal((await rival.call('GET', path)).statusCode, 200, 'hashes are for everybody who knows the id')
  t.equal((await app.anonymous.call('GET', path)).statusCode, 401)
  t.equal((await maker.call('GET', '/events/urn:uuid:nothing/proof')).statusCode, 404)

  const json = { accept: 'application/json' }
  const whole = (await maker.call('GET', path, undefined, json)).json<{ entry: string; proof: string }>()
  t.equal((await rival.call('GET', path, undefined, json)).statusCode, 404, 'the entry is not')
  t.equal((await customs.call('GET', path, undefined, json)).statusCode, 200)
  const entry = Buffer.from(whole.entry, 'base64')
  const recorded = JSON.parse(entry.toString()) as { event: { eventID: string }; salt: string }
  t.equal(recorded.event.eventID, eventID)
  t.equal(Buffer.from(recorded.salt, 'base64url').length, 16, 'nobody guesses an entry from its hash')

  const logs = await app.anonymous.expect<LogRow[]>(200, 'GET', '/logs')
  t.same(
    logs.map(({ id }) => id),
    ['main', 'customs', 'audit'],
  )
  const main = logs[0]!
  t.equal(main.origin, 'tamga.local/main')
  // In a browser's words: nothing of Node in it.
  const verifier = parseVerifier(main.verifierKey, browserPrimitives)
  t.equal((await verifyTlogProof(whole.proof, entry, verifier, browserPrimitives)).index, entries[0]?.position)
  entry[20] = (entry[20] ?? 0) ^ 1
  await t.rejects(verifyTlogProof(whole.proof, entry, verifier, browserPrimitives))

  await t.test('long lists are served by their digest', async (t) => {
    const codes = Array.from({ length: 149 }, (_, i) => code(`U${i + 1}`)).slice(2)
    const long = await maker.expect<Receipt>(201, 'POST', '/scans', { step: 'commissioning', codes })
    const of = `/events/${encodeURIComponent(long.eventID)}/proof`
    const proved = (await maker.call('GET', of, undefined, json)).json<{ entry: string }>()
    const { event } = JSON.parse(Buffer.from(proved.entry, 'base64').toString()) as {
      event: { epcList: { sha256: string; count: number } }
    }
    const list = `/logs/main/lists/${event.epcList.sha256}`
    for (const caller of [maker, customs, app.operator]) {
      const text = (await caller.call('GET', list)).body
      t.equal(createHash('sha256').update(text).digest('hex'), event.epcList.sha256)
      t.equal(text.trimEnd().split('\n').length, 147)
    }
    t.equal((await rival.call('GET', list)).statusCode, 404)
    // Who is shipped the goods may see the event that ships them, and so the list that stands beside it.
    const trader = actors.get('trader')!
    t.equal((await trader.call('GET', list)).statusCode, 404, 'not yet')
    const shipped = await maker.expect<Receipt>(201, 'POST', '/scans', { step: 'shipping', codes, to: trader.id })
    const shown = await trader.call('GET', `/events/${encodeURIComponent(shipped.eventID)}/proof`, undefined, json)
    t.equal(shown.statusCode, 200)
    t.match(Buffer.from(shown.json<{ entry: string }>().entry, 'base64').toString(), event.epcList.sha256)
    t.equal((await trader.call('GET', list)).statusCode, 200)
    t.equal((await rival.call('GET', list)).statusCode, 404)
    t.equal((await app.anonymous.call('GET', list)).statusCode, 401)
    t.equal((await maker.call('GET', '/logs/audit/lists/' + event.epcList.sha256)).statusCode, 404)
    t.equal((await maker.call('GET', '/logs/main/lists/xyz')).statusCode, 404)
  })
})

t.test('tiles, checkpoints and bundles', async (t) => {
  const app = await testApp(t)
  await append(app.database.appUrl, 600)
  const auditor = await given.participant(app, { roles: ['auditor'] })
  const shop = await given.participant(app, { roles: ['retailer'] })
  // What another process committed is published within the second, by the look that nobody asked for.
  let size = 0
  while (size < 600) size = (await app.anonymous.expect<LogRow[]>(200, 'GET', '/logs'))[0]?.size ?? 0
  const get = (path: string) => app.anonymous.call('GET', `/logs/main/${path}`)

  const checkpoint = await get('checkpoint')
  t.equal(readCheckpoint(checkpoint.body).size, 600)
  t.equal(checkpoint.headers['content-type'], 'text/plain; charset=utf-8')
  t.match(checkpoint.headers['cache-control'], /max-age=[0-5]$/)
  for (const [path, bytes] of [
    ['tile/0/000', 8192],
    ['tile/0/001', 8192],
    ['tile/0/000.p/7', 7 * 32],
    ['tile/0/002.p/88', 88 * 32],
    ['tile/0/002.p/87', 87 * 32],
    ['tile/1/000.p/2', 64],
  ] as const) {
    const tile = await get(path)
    t.equal(tile.rawPayload.length, bytes, path)
    t.equal(tile.headers['content-type'], 'application/octet-stream')
    t.match(tile.headers['cache-control'], /immutable/)
    t.equal(tile.headers['access-control-allow-origin'], '*')
  }
  for (const path of [
    'tile/0/002',
    'tile/0/002.p/89',
    'tile/1/000',
    'tile/2/000.p/1',
    'tile/0/003',
    'tile/0/00',
    'tile/00/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/64/000',
    'tile/0',
    'tile/x/000',
    'tile/',
  ]) {
    t.equal((await get(path)).statusCode, 404, path)
  }
  t.equal((await app.anonymous.call('GET', '/logs/nothing/checkpoint')).statusCode, 404)
  await app.app.pg.query(`select make_log('empty')`)
  t.equal(
    readCheckpoint((await app.anonymous.call('GET', '/logs/empty/checkpoint')).body).size,
    0,
    'an empty log is signed too',
  )

  t.equal((await get('tile/entries/000')).statusCode, 401)
  t.equal((await shop.call('GET', '/logs/main/tile/entries/000')).statusCode, 403)
  const bundle = await auditor.call('GET', '/logs/main/tile/entries/002.p/88')
  t.equal(splitBundle(bundle.rawPayload)?.length, 88)
  t.match(bundle.headers['cache-control'], /private.*immutable/)
  const packed = await auditor.call('GET', '/logs/main/tile/entries/000', undefined, { 'accept-encoding': 'gzip' })
  t.equal(splitBundle(gunzipSync(packed.rawPayload))?.length, 256)
  for (const path of ['entries/002.p/89', 'entries/003', 'entries/0']) {
    t.equal((await auditor.call('GET', `/logs/main/tile/${path}`)).statusCode, 404, path)
  }

  await t.test('the verifier, by address', async (t) => {
    await app.app.listen({ host: '127.0.0.1', port: 0 })
    const url = `http://127.0.0.1:${(app.app.server.address() as AddressInfo).port}/logs/main`
    const [{ verifierKey = '' } = {}] = await app.anonymous.expect<LogRow[]>(200, 'GET', '/logs')
    const hashes = await verify('log', url, '--key', verifierKey)
    t.match(hashes, { status: 0, text: /Only hashes were looked at.*\nVERIFIED: all 600/s })
    const entries = await verify('log', url, '--api-key', auditor.key)
    t.match(entries, { status: 0, text: /taken from the log itself.*VERIFIED: all 600/s })
    t.match(await verify('log', url, '--key', verifierKey.replace('main', 'other')), { status: 2 }, 'a damaged key')

    const folder = await mkdtemp(join(tmpdir(), 'tamga-verify-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    t.match(await verify('watch', url, '--once', '--folder', folder, '--key', verifierKey), { status: 0 })
    const older = join(folder, 'older')
    await writeFile(older, (await get('checkpoint')).rawPayload)
    await append(app.database.appUrl, 40)
    while (readCheckpoint((await get('checkpoint')).body).size < 640);
    const newer = join(folder, 'newer')
    await writeFile(newer, (await get('checkpoint')).rawPayload)
    t.match(await verify('watch', url, '--once', '--folder', folder, '--key', verifierKey), {
      status: 0,
      text: /at 640/,
    })
    t.match(await verify('consistency', older, newer, url, '--key', verifierKey), {
      status: 0,
      text: /the 600 entries/,
    })

    t.match(await verify('nonsense'), { status: 2, text: /npm run verify/ })
  })
})
