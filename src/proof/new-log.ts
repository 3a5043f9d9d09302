// `npm run new-log -- --log main --reason "<what happened>"`: the way out where a log cannot prove that it continues what it signed (a
// restored backup, an accepted loss), and where it is to be known by another origin. It takes a new key under a new origin; the old
// one never signs again, so that it never says two things. Whoever follows the log learns the new verifier key, and why.
import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../config/config.ts'
import { createPool } from '../db/connect.ts'
import { openDatabase } from '../db/database.ts'
import { openInstallation } from '../db/installation.ts'
import { migrate } from '../db/migrate.ts'
import { createVault } from '../db/secret.ts'
import { createLogKeys, type LogKeys } from './keys.ts'
import { formatVerifier } from './note.ts'
import { publish, type Published } from './publish.ts'
import * as store from './store.ts'
import type { Pool } from 'pg'
import { fileAnchors, type Anchors } from './anchor.ts'

/** Begins a new identity of a log and publishes it at once. The anchor of the old one is written over. */
export async function beginAnew(
  pool: Pool,
  keys: LogKeys,
  anchors: Anchors | undefined,
  name: string,
  reason: string,
): Promise<{ verifierKey: string; published: Published }> {
  const log = (await store.listLogs(pool)).find((row) => row.name === name)
  if (!log) throw new ConfigError(`There is no log ${JSON.stringify(name)}.`)
  const key = await store.inTransaction(pool, async (client) => {
    await store.lockPublishing(client, log.id)
    return keys.begin(client, log, reason)
  })
  const published = await publish(pool, log, keys)
  if (!published) throw new Error(`the log ${name} was not published under its new key`)
  await anchors?.write(name, published.note)
  return { verifierKey: formatVerifier(key.signer.verifier), published }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { log: { type: 'string' }, reason: { type: 'string' } } })
  if (values.log === undefined || (values.reason ?? '').trim() === '') {
    throw new ConfigError('npm run new-log -- --log <name> --reason "<what happened, for everybody who follows it>"')
  }
  const config = readConfig(process.env)
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  const database = await openDatabase(config, { info: () => undefined, warn: () => undefined }, (error) => {
    throw error
  })
  const pool = createPool(database.access, () => undefined, { name: 'tamga new-log', max: 2 })
  try {
    await migrate(database.adminUrl)
    const { masterKey } = await openInstallation(pool, config)
    const keys = createLogKeys(createVault(masterKey), config.logOrigin)
    const anchors = fileAnchors(config.anchorDir)
    const { verifierKey, published } = await beginAnew(pool, keys, anchors, values.log, values.reason ?? '')
    say(`The log ${values.log} goes on under a new key, from ${published.size} entries:\n${verifierKey}`)
    say('Tell everybody who verifies it, and its witnesses; what the old key signed stays true of what they kept.')
  } finally {
    await pool.end()
    await database.stop()
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main()
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
