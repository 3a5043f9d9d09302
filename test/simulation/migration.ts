// A start is killed while it brings a database to the newest schema: all of it is done or nothing, and the next start does it.
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { migrationsFolder } from '../../src/db/migrate.ts'
import { withClient } from '../support/connect.ts'
import { lineTo } from '../support/cut.ts'
import type { Fault } from './faults.ts'
import { databaseAt } from './world.ts'

const patienceMs = 60_000
let databases = 0

export const killMigration: Fault = async ({ world, journal, rng }) => {
  const names = readdirSync(migrationsFolder).flatMap((name) => /^(\d{4}_\w+)\.sql$/.exec(name)?.[1] ?? [])
  const name = `migration_${++databases}`
  const url = databaseAt(world.adminUrl, name)
  await withClient(world.adminUrl, (client) => client.query(`create database ${name} template template0`))
  // Each migration is noted by its name once it is done; the commit of all comes last.
  const [last = ''] = names.slice(-1)
  const done = rng.of(names)
  const commits = rng.chance(0.4)
  const when = rng.of(['asked', 'taken'] as const)
  const line = await lineTo(world.t, url)
  line.cut(commits ? { text: 'commit', when, on: last } : { text: done, when })
  const first = world.startOn(line.url, name)
  const deadline = performance.now() + patienceMs
  while (line.cuts() === 0 && performance.now() < deadline) await delay(1)
  if (line.cuts() === 0) journal.wrong.push('a migration could not be interrupted')
  first.child.kill('SIGKILL')
  await first.ended
  const note = commits ? `killed ${when === 'asked' ? 'before' : 'after'} the commit` : `killed at ${done}`
  await demand(url, journal, commits && when === 'taken' ? names.length : 0, note)
  const overMs = performance.now()
  const second = world.startOn(url, name)
  await second.url
  const servesMs = Promise.resolve(performance.now())
  await demand(url, journal, names.length, `${note}, started again`)
  second.child.kill('SIGTERM')
  await second.ended
  await withClient(world.adminUrl, (client) => client.query(`drop database ${name} with (force)`))
  return { note, overMs, served: { any: servesMs, all: servesMs } }
}

async function demand(url: string, journal: { wrong: string[] }, wanted: number, note: string): Promise<void> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ tables: string; done: string }>(
      `select count(*) as tables, (xpath('//n/text()', query_to_xml(
                case when to_regclass('tamga.migration') is null then 'select 0 as n' else 'select count(*) as n from tamga.migration' end,
                false, true, '')))[1]::text as done
       from pg_class where relnamespace = to_regnamespace('tamga') and relname = 'entry'`,
    ),
  )
  const [found] = rows
  if (Number(found?.done) !== wanted || Number(found?.tables) !== (wanted === 0 ? 0 : 1))
    journal.wrong.push(
      `migration ${note}: ${found?.done} of ${wanted} are done, and ${found?.tables} tables of entries are there`,
    )
}
