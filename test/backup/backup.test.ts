// A backup of a service that is written to, brought back elsewhere: nothing that was acknowledged before it began is missing, nothing that
// was damaged comes back, and a service that lost what it had signed does not write.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, open, readdir, rename, watch } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { runBackup } from '../../src/backup/backup-command.ts'
import { runRestore } from '../../src/backup/restore-command.ts'
import { eventKey } from '../../src/capture/entry.ts'
import { findEmbedded } from '../../src/db/embedded.ts'
import { startLoad } from '../ledger/load.ts'
import { client } from '../support/connect.ts'
import { gtin } from '../support/given.ts'
import { dataFolder, startService } from '../support/process.ts'
import { programCommand, repository } from '../support/repository.ts'
import { freshCodes, registered, remote } from '../support/remote.ts'

const operatorKey = 'operator-key-of-the-tests-0123456789'

type Run = { status: number; said: string }

async function run(
  command: typeof runBackup,
  args: string[],
  env: Record<string, string>,
  signal = new AbortController().signal,
): Promise<Run> {
  const said: string[] = []
  const stream = Object.assign(new PassThrough(), { isTTY: false })
  stream.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const status = await command(args, { out: stream, err: stream, env, signal })
  return { status, said: said.join('') }
}

const refused = (t: Test, args: string[], env: Record<string, string>, says: RegExp): Promise<unknown> =>
  t.rejects(run(runRestore, args, env), { name: 'ConfigError', message: says })

t.test('a backup under load, and back', async (t) => {
  t.setTimeout(200_000)
  const folder = join(await dataFolder(t), '..')
  const DATA_DIR = join(folder, 'data')
  const to = join(folder, 'backups')
  const settings = { OPERATOR_KEY: operatorKey, RATE_LIMIT: '0' }
  const service = startService(t, { DATA_DIR, ...settings })
  const url = await service.url
  const maker = await registered(
    remote(() => url, operatorKey),
    () => url,
    ['producer', 'retailer'],
    'Maker',
  )
  const load = startLoad(() => maker, await freshCodes(maker, gtin(), 6_000), 2)
  await load.more(60)
  const before = [...load.told]
  const made = await run(runBackup, ['--to', to], { DATA_DIR })
  t.equal(made.status, 0)
  t.match(made.said, /backup: 50 %.*main: at least \d+ entries.*master key is not in it/s)
  const meanwhile = load.told.length - before.length
  const ended = AbortSignal.abort(new Error('enough'))
  await t.rejects(run(runBackup, ['--to', to], { DATA_DIR }, ended), { message: 'enough' })
  t.equal((await readdir(to)).length, 1, 'who is interrupted cleans up')
  const half = await killedHalfWay(DATA_DIR, join(folder, 'half'))
  await load.more(30)
  await load.stop()
  t.same(load.wrong, [], 'who writes does not notice')
  service.child.kill('SIGTERM')
  await service.ended
  const [name = ''] = await readdir(to)
  const backup = join(to, name)
  t.notOk((await readdir(backup, { recursive: true })).includes('master.key'), 'keys are kept apart')

  await t.test('what is no whole backup is refused', async (t) => {
    const target = { DATA_DIR: join(folder, 'never') }
    await refused(t, ['--from', half], target, /half a backup/)
    await refused(t, ['--from', join(half, '..')], target, /no backup, or half of one/)
    await rename(join(backup, 'backup.json'), join(backup, 'away'))
    await refused(t, ['--from', backup], target, /no backup, or half of one/)
    await rename(join(backup, 'away'), join(backup, 'backup.json'))
    await flip(join(backup, 'backup.json'), 5_000)
    await refused(t, ['--from', backup], target, /backup\.json is damaged/)
    await flip(join(backup, 'backup.json'), 5_000)
    const wal = join(backup, 'data/pg_wal')
    const segment = join(wal, (await readdir(wal)).find((file) => /^[0-9A-F]{24}$/.test(file)) ?? '')
    const control = join(backup, 'data/global/pg_control')
    await flip(control, 100)
    await refused(t, ['--from', backup], target, /pg_control is damaged: it is not what was backed up/)
    await flip(control, 100)
    await flip(segment, 100)
    await refused(t, ['--from', backup, '--check'], {}, /is damaged: it is not what was backed up/)
    await flip(segment, 100)
    t.same(await readdir(target.DATA_DIR), [], 'and leaves nothing')
    await refused(t, ['--from', backup], { DATA_DIR }, /is not empty/)
    t.match(await run(runRestore, ['--from', to, '--check'], {}), { status: 0, said: /every byte of/ })
  })

  await t.test('the whole one comes back, and the old one is not written to', async (t) => {
    const restored = join(folder, 'restored')
    const anchors = join(DATA_DIR, 'anchors')
    const back = await run(runRestore, ['--from', to], { DATA_DIR: restored, ANCHOR_DIR: anchors })
    t.equal(back.status, 0, back.said)
    t.match(back.said, /VERIFIED: everything/)
    t.match(back.said, /main: entry \d+, recorded 20/)
    t.match(
      back.said,
      /does not start on it as it is:.*master\.key is missing.*The log \w+ does not continue what was signed/s,
    )

    await copyFile(join(DATA_DIR, 'master.key'), join(restored, 'master.key'))
    const ended = await startService(t, { DATA_DIR: restored, ANCHOR_DIR: anchors, ...settings }).ended
    t.match(ended, { status: 1, stderr: /does not continue what was signed.*older copy.*npm run new-log/s })
    const accepted = startService(t, { DATA_DIR: restored, ANCHOR_DIR: join(folder, 'others'), ...settings })
    const told = await fetch(`${await accepted.url}/participants/me`, {
      headers: { authorization: `Bearer ${operatorKey}` },
    })
    t.equal(told.status, 200, 'where nothing newer is known it serves, with the keys of before')

    const connection = await client(t, (await findEmbedded(restored)) ?? '')
    const { rows } = await connection.query<{ key: string }>(
      `select replace(event_key::text, '-', '') as key from event_directory`,
    )
    const there = new Set(rows.map(({ key }) => key))
    const missing = before.filter(({ eventID }) => !there.has(eventKey(eventID, undefined)))
    t.same(missing, [], 'all that was acknowledged before it began')
    t.comment(
      `${before.length} events acknowledged before the backup, ${meanwhile} while it ran, ${there.size} restored`,
    )
  })
})

/** Changes one bit of a file; again, and it is as before. */
async function flip(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ 1
  await handle.write(byte, 0, 1, at)
  await handle.close()
}

/** @returns what a backup that was killed left behind */
async function killedHalfWay(DATA_DIR: string, to: string): Promise<string> {
  const { PATH = '' } = process.env
  const [program, ...args] = [...programCommand('src/backup/backup-command.ts'), '--to', to, '--max-rate', '1']
  await mkdir(to)
  const seen = watch(to)
  const child = spawn(program, args, { cwd: repository, env: { PATH, DATA_DIR }, stdio: 'ignore' })
  for await (const { filename } of seen) {
    child.kill('SIGKILL')
    await once(child, 'close')
    return join(to, filename ?? '')
  }
  throw new Error('no backup was begun')
}
