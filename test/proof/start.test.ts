// The start after something went wrong: refused with the way out, and the way out works.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import type { RecordedAct } from '../../src/capture/act.ts'
import { ConfigError } from '../../src/config/config.ts'
import { appRole } from '../../src/db/connect.ts'
import { createVault } from '../../src/db/secret.ts'
import { fileAnchors } from '../../src/proof/anchor.ts'
import { readCheckpoint } from '../../src/proof/checkpoint.ts'
import { createLogKeys } from '../../src/proof/keys.ts'
import { beginAnew } from '../../src/proof/new-log.ts'
import { servedCheckpoint } from '../../src/proof/publish.ts'
import { tellStart } from '../../src/proof/told-starts.ts'
import { masterKey } from '../support/app.ts'
import { pool as poolOf } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'
import { append, follower, mainLog, tamper, verify } from './bundle.ts'

t.test('a restored backup is refused until the loss is accepted', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tamga-anchors-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const anchors = fileAnchors(join(folder, 'anchors'))
  const { appUrl, adminUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const first = await follower(t, pool, { anchors })
  await append(appUrl, 400)
  await first.publishNow(mainLog)
  await first.stop()
  const anchored = await readFile(anchors.place('main'), 'utf8')
  t.equal(readCheckpoint(anchored).size, 400)

  await tamper(
    adminUrl,
    ...['event_directory', 'entry'].map((table) => `delete from ${table} where log_id = 1 and position >= 0`),
    ...['head', 'checkpoint', 'tile'].map((table) => `delete from ${table} where log_id = 1`),
  )
  await append(appUrl, 100)
  const refused = await follower(t, pool, { anchors }).catch((error: unknown) => error)
  t.ok(refused instanceof ConfigError)
  t.match(
    String(refused),
    /main\.checkpoint holds a checkpoint of 400 entries, and there are 100: this is an older copy/,
  )
  t.match(String(refused), /Nothing was written.*restore a newer copy.*npm run new-log -- --log main --reason/)

  const keys = createLogKeys(createVault(masterKey), 'log.test')
  const { verifierKey } = await beginAnew(pool, keys, anchors, 'main', 'the disk of 12 May')
  t.match(verifierKey, /^log\.test\/main\.2\+/)
  const second = await follower(t, pool, { anchors })
  await append(appUrl, 100)
  await second.publishNow(mainLog)
  const served = await servedCheckpoint(pool, mainLog)
  t.match(served?.note, /^log\.test\/main\.2\n200\n/)
  t.match(await readFile(anchors.place('main'), 'utf8'), /^log\.test\/main\.2\n200\n/)
  t.match(await verify('log', '--database', adminUrl, '--no-steps'), { status: 0 })
  const acts: RecordedAct[] = []
  const recordAct = async (act: RecordedAct) => {
    acts.push(act)
    return { log: 3, position: 0, recordTime: act.at }
  }
  await tellStart({ pool, recordAct, now: () => new Date(), log: pino({ level: 'silent' }) }, undefined)
  const subject = { log: 'main', origin: 'log.test/main.2', fromSize: 100, reason: 'the disk of 12 May' }
  t.match(
    acts,
    [{ kind: 'log_begun_anew', id: 'urn:tamga:log-key:log.test/main.2', subject }],
    'the next start tells it',
  )
  t.equal(acts.length, 1)
})

t.test('a log that the folder knows and the database does not', async (t) => {
  const { appUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const other = await testDatabase(t)
  const notes = new Map<string, string>()
  const anchors = {
    read: async (log: string) => notes.get(log),
    write: async (log: string, note: string) => void notes.set(log, note),
    place: (log: string) => `/data/${log}`,
  }
  const first = await follower(t, pool, { anchors })
  await append(appUrl, 3)
  await first.publishNow(mainLog)
  const otherPool = poolOf(t, other.appUrl, appRole)
  await t.rejects(follower(t, otherPool, { anchors }), /of which this database knows nothing.*move that file away/)
  notes.set('main', 'nonsense')
  await t.rejects(follower(t, pool, { anchors }), /\/data\/main is damaged/)
})

t.test('entries that were committed and not published before the end', async (t) => {
  const { appUrl, adminUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const first = await follower(t, pool)
  await append(appUrl, 10)
  await first.publishNow(mainLog)
  await first.stop()
  await append(appUrl, 1_500)
  t.match(await verify('log', '--database', adminUrl, '--no-steps'), { status: 0 }, 'nothing is wrong with that')
  const second = await follower(t, pool)
  await second.publishNow(mainLog)
  t.equal((await servedCheckpoint(pool, mainLog))?.size, 1_510)
})
