// Following: every published size is signed, its tiles are there, and every entry is proved under it.
import t from 'tap'
import { proveConsistency, proveInclusion, verifyConsistency, verifyInclusion } from '../../src/ledger/merkle-proof.ts'
import { appRole } from '../../src/db/connect.ts'
import { readCheckpoint } from '../../src/proof/checkpoint.ts'
import { nodeHasher, nodePrimitives } from '../../src/proof/node-primitives.ts'
import { openNote } from '../../src/proof/note.ts'
import { verifierOf } from '../../src/proof/keys.ts'
import { readSubtrees, servedCheckpoint } from '../../src/proof/publish.ts'
import * as store from '../../src/proof/store.ts'
import { pool as poolOf } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'
import { append, follower, mainLog, memoryAnchors, verify } from './bundle.ts'

t.test('sizes around full tiles of two levels', async (t) => {
  const { appUrl, adminUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const anchors = memoryAnchors()
  const published = await follower(t, pool, { anchors })
  let size = 0
  const roots = new Map<number, Uint8Array>()
  for (const next of [0, 1, 2, 255, 256, 257, 300, 511, 512, 513, 65_535, 65_536, 65_537, 65_800]) {
    await append(appUrl, next - size)
    size = next
    await published.publishNow(mainLog)
    const served = await servedCheckpoint(pool, mainLog)
    const key = await store.newestKey(pool, mainLog)
    if (!served || !key) return t.fail('nothing was published')
    t.equal(served.size, size)
    await openNote(served.note, [verifierOf(key)], nodePrimitives)
    t.equal(anchors.notes.get('main'), served.note, 'the anchor says the same')
    const { root } = readCheckpoint(served.note)
    roots.set(size, root)
    const read = readSubtrees(pool, mainLog, size)
    for (const index of new Set([0, size >> 1, size - 2, size - 1].filter((i) => i >= 0 && i < size))) {
      const entry = await store.findEntryBytes(pool, mainLog, index)
      const proof = await proveInclusion(index, size, read, nodeHasher)
      t.ok(
        entry && verifyInclusion(index, size, nodeHasher.leaf(entry), proof, root, nodeHasher),
        `${index} of ${size}`,
      )
    }
    for (const [before, beforeRoot] of roots) {
      if (before === 0) continue
      const proof = await proveConsistency(before, size, read, nodeHasher)
      t.ok(verifyConsistency(before, size, beforeRoot, root, proof, nodeHasher), `${before} within ${size}`)
    }
  }
  const tiles = await pool.query('select level, count(*)::int as count from tile group by 1 order by 1')
  t.same(tiles.rows, [
    { level: 0, count: 257 },
    { level: 1, count: 1 },
  ])
  const { status, text } = await verify('log', '--database', adminUrl, '--no-steps')
  t.equal(status, 0, text)
})

t.test('two publishers say one thing', async (t) => {
  const { appUrl } = await testDatabase(t)
  const pools = [poolOf(t, appUrl, appRole), poolOf(t, appUrl, appRole)]
  const two = await Promise.all(pools.map((pool) => follower(t, pool)))
  for (let round = 0; round < 5; round++) {
    await append(appUrl, 100)
    await Promise.all(two.flatMap((one) => [one.publishNow(mainLog), one.publishNow(mainLog)]))
  }
  const { rows } = await pools[0]!.query('select size::int as size from checkpoint where log_id = 1 order by size')
  t.same(rows.at(-1), { size: 500 })
  t.equal(new Set(rows.map((row: { size: number }) => row.size)).size, rows.length)
})

t.test('a checkpoint whose commit is lost was never shown', async (t) => {
  const { appUrl, adminUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const anchors = memoryAnchors()
  const published = await follower(t, pool, { anchors })
  await append(appUrl, 10)
  await published.publishNow(mainLog)
  const before = await servedCheckpoint(pool, mainLog)
  const admin = poolOf(t, adminUrl)
  // The commit itself fails, after everything was signed and sent.
  await admin.query(
    `create function fail_late() returns trigger language plpgsql as $$ begin raise exception 'lost'; end $$`,
  )
  await admin.query(
    'create constraint trigger lost after insert on checkpoint deferrable initially deferred for each row execute function fail_late()',
  )
  await append(appUrl, 10)
  await t.rejects(published.publishNow(mainLog), /lost/)
  t.same(await servedCheckpoint(pool, mainLog), before)
  t.equal(anchors.notes.get('main'), before?.note)
  await admin.query('drop trigger lost on checkpoint')
  await published.publishNow(mainLog)
  t.equal((await servedCheckpoint(pool, mainLog))?.size, 20)
})

t.test('it follows by itself', async (t) => {
  const { appUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const sizes: number[] = []
  const published = await follower(t, pool, { pollMs: 20 })
  await append(appUrl, 7)
  published.wake(mainLog)
  while (sizes.at(-1) !== 9) {
    const size = (await servedCheckpoint(pool, mainLog))?.size ?? 0
    if (size === 7 && sizes.at(-1) !== 7) await append(appUrl, 2) // Nobody wakes it: another process did that.
    sizes.push(size)
  }
  t.ok(sizes.includes(7))
})
