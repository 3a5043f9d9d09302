// What nobody can be kept from who owns the machine: each way of changing the past, and what the verifier says to it.
import { join } from 'node:path'
import t from 'tap'
import { appRole } from '../../src/db/connect.ts'
import { readCheckpoint } from '../../src/proof/checkpoint.ts'
import { nodeHasher, nodePrimitives } from '../../src/proof/node-primitives.ts'
import { checkBeforeWriting } from '../../src/proof/start-check.ts'
import { checkConsistency } from '../../src/proof/verify/consistency.ts'
import { databaseSource, openSnapshot } from '../../src/proof/verify/database-store.ts'
import { run } from '../../src/proof/verify/command.ts'
import { pool as poolOf } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'
import { dataFolder } from '../support/process.ts'
import { append, follower, mainLog, memoryAnchors, tamper, verify } from './bundle.ts'

/** 700 entries in three published parts: two full tiles and a partial one. */
async function published(t: { teardown: (done: () => Promise<void>) => void }) {
  const { appUrl, adminUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const anchors = memoryAnchors()
  const following = await follower(t, pool, { anchors })
  for (const count of [300, 300, 100]) {
    await append(appUrl, count)
    await following.publishNow(mainLog)
  }
  await following.stop()
  return { adminUrl, pool, anchors }
}

type Case = {
  what: string
  sql: string[]
  /** The first thing that the verifier must say, and the entry that its last line must name. */
  says: RegExp
  first: number
  /** What the next start says; undefined: it cannot know without reading everything. */
  start?: RegExp
}

const dropFrom = (position: number): string[] => [
  `delete from event_directory where log_id = 1 and position >= ${position}`,
  `delete from entry where log_id = 1 and position >= ${position}`,
]

const cases: Case[] = [
  {
    what: 'one byte of an entry in a full tile',
    sql: ['update entry set bytes = set_byte(bytes, 3, get_byte(bytes, 3) # 1) where log_id = 1 and position = 345'],
    says: /entry 345 was changed: the head of 600 vouches for what the tiles say/,
    first: 345,
  },
  {
    what: 'one byte of an entry at the right edge',
    sql: ['update entry set bytes = set_byte(bytes, 3, get_byte(bytes, 3) # 1) where log_id = 1 and position = 650'],
    says: /the root over 700 entries .* something from entry 600 to 699/,
    first: 600,
    start: /The root over its 700 entries is not the one that the head says/,
  },
  {
    what: 'two entries swapped',
    sql: [
      `update entry e set bytes = o.bytes from entry o
       where e.log_id = 1 and o.log_id = 1 and (e.position, o.position) in ((7, 8), (8, 7))`,
    ],
    says: /entry 7 does not have the hash[^]*entry 8 does not have the hash[^]*entry 7 was changed/,
    first: 7,
  },
  {
    what: 'the last hundred dropped',
    sql: dropFrom(600),
    says: /700 entries were signed and 600 are there: entries 600 to 699 are gone/,
    first: 600,
    start: /Its head says 700 entries, and there are 600/,
  },
  {
    what: 'the last hundred dropped, and the head rolled back',
    sql: [...dropFrom(600), 'delete from head where log_id = 1 and size > 600'],
    says: /700 entries were signed and 600 are there/,
    first: 600,
    start: /the database holds a checkpoint of 700 entries, and there are 600/,
  },
  {
    what: 'rolled back with its checkpoints: a restored backup',
    sql: [
      ...dropFrom(600),
      'delete from head where log_id = 1 and size > 600',
      'delete from checkpoint where log_id = 1 and size > 600',
    ],
    says: /^$/,
    first: -1,
    start: /the anchor of main holds a checkpoint of 700 entries, and there are 600: this is an older copy/,
  },
  {
    what: 'one in the middle deleted',
    sql: ['delete from entry where log_id = 1 and position = 100', 'delete from event_directory where position = 100'],
    says: /entry 100 is missing, although later ones are there/,
    first: 100,
  },
  {
    what: 'one in the middle of a tile deleted',
    sql: ['delete from entry where log_id = 1 and position = 620', 'delete from event_directory where position = 620'],
    says: /entry 620 is missing, although later ones are there/,
    first: 620,
    start: /of the entries from 512 to 699 of log 1 only 187 are there/,
  },
  {
    what: 'a tile rewritten',
    sql: ['update tile set hashes = set_byte(hashes, 32 * 20, 1) where log_id = 1 and level = 0 and no = 1'],
    says: /a tile was changed at entry 276: the head of 300 vouches for the entries/,
    first: 276,
  },
  {
    what: 'the root of a tile rewritten',
    sql: ['update tile set root = set_byte(root, 0, get_byte(root, 0) # 1) where log_id = 1 and level = 0 and no = 1'],
    says: /the tile 1\/000.p\/2 does not say the root of the 256 entries from 256 on/,
    first: 256,
    start: /The root over its 700 entries/,
  },
  {
    what: 'an entry and its tile rewritten together',
    sql: [
      `update entry set bytes = 'another' where log_id = 1 and position = 10`,
      `update tile set hashes = overlay(hashes placing sha256('\\x00'::bytea || 'another'::bytea) from 32 * 10 + 1 for 32)
       where log_id = 1 and level = 0 and no = 0`,
    ],
    says: /the root over 300 entries is not that of the head of 300: something from entry 0 to 299 was changed/,
    first: 0,
  },
  {
    what: 'a checkpoint of another root',
    sql: [`update checkpoint set root = sha256('x') where log_id = 1 and size = 700`],
    says: /the checkpoint of 700: it says another size or root than its row/,
    first: -1,
    start: /says another size or root/,
  },
  {
    what: 'a checkpoint that the log did not sign',
    sql: [`update checkpoint set note = replace(note, E'\\n700\\n', E'\\n701\\n') where log_id = 1 and size = 700`],
    says: /the checkpoint of 700: The signature of log.test\/main does not fit the text/,
    first: -1,
    start: /is not one that it signed/,
  },
  {
    what: 'an event id taken out of the directory',
    sql: ['delete from event_directory where log_id = 1 and position = 42'],
    says: /no event id leads to entry 42/,
    first: 42,
  },
]

for (const { what, sql, says, first, start } of cases) {
  t.test(what, async (t) => {
    const { adminUrl, pool, anchors } = await published(t)
    await tamper(adminUrl, ...sql)
    const { status, text } = await verify('log', '--database', adminUrl, '--no-steps')
    const caught = says.source !== '^$'
    t.equal(status, caught ? 1 : 0, text)
    if (caught) t.match(text, says)
    if (first >= 0) t.match(text, new RegExp(`The first bad entry is ${first}\\.`))
    const checked = checkBeforeWriting({ pool, anchors })
    if (start) {
      const error = await checked.then(
        () => undefined,
        (thrown: unknown) => String(thrown),
      )
      t.match(error, start)
      t.match(error, /npm run new-log/, 'and names the way out')
    } else await t.resolves(checked)
  })
}

t.test('thinned, as the README allows', async (t) => {
  const { adminUrl, pool, anchors } = await published(t)
  const before = await pool.query<{ note: string }>('select note from checkpoint where log_id = 1 and size = 300')
  await tamper(adminUrl, 'delete from checkpoint where log_id = 1 and size < 700')
  t.match(await verify('log', '--database', adminUrl, '--no-steps'), { status: 0, text: /VERIFIED: everything/ })
  await t.resolves(checkBeforeWriting({ pool, anchors }))
  // Whoever kept one that went: the tiles show that the newest continues it.
  const after = await pool.query<{ note: string }>('select note from checkpoint where log_id = 1')
  const source = databaseSource(await openSnapshot(adminUrl), { id: mainLog, name: 'main' }, 700, nodeHasher)
  const [older, newer] = [before, after].map(({ rows }) => readCheckpoint(rows[0]?.note ?? ''))
  t.ok(older && newer && (await checkConsistency(older, newer, source, nodePrimitives), true))
})

t.test('nothing was changed', async (t) => {
  const { adminUrl, pool, anchors } = await published(t)
  t.match(await verify('log', '--database', adminUrl, '--no-steps'), { status: 0, text: /VERIFIED: everything/ })
  await t.resolves(checkBeforeWriting({ pool, anchors }))
})

t.test('the database of the settings', async (t) => {
  const { adminUrl } = await published(t)
  const ask = async (env: Record<string, string>) => {
    let text = ''
    const stream = { write: (chunk: string) => ((text += chunk), true) } as NodeJS.WritableStream
    return { status: await run(['log', '--no-steps'], { out: stream, err: stream, env }), text }
  }
  t.match(await ask({ DATABASE_URL: adminUrl }), { status: 0, text: /VERIFIED: everything/ })
  const nowhere = await dataFolder(t)
  t.match(await ask({ DATA_DIR: nowhere }), { status: 2, text: /There is no database in/ }, 'and none is made')
})

t.test('a question that cannot be answered is no verdict', async (t) => {
  const folder = await dataFolder(t)
  const file = join(folder, 'proof')
  const key = 'log.test+00000000+AAAA'
  t.match(await verify('proof', file, '--entry', file, '--key', key), {
    status: 2,
    text: /not a verifier key|not known/,
  })
  t.match(await verify('proof', file), { status: 2, text: /ENOENT|--entry/ })
  t.match(await verify('log', 'http://127.0.0.1:9/logs/main'), { status: 2 })
  t.match(await verify('nonsense'), { status: 2 })
})
