// The secrets of an installation, found again at every start: the master key, which must be the one that the database
// knows, and the first operator's key, which is made once.
import { join } from 'node:path'
import type pg from 'pg'
import { ConfigError, type Config } from '../config/config.ts'
import { deriveMasterKey, masterKeyCheck, newSecret } from '../config/master-key.ts'
import { readSecret, writeSecret } from '../config/secret-file.ts'

export type Installation = {
  readonly masterKey: Buffer
  /** undefined: the first start made one, and its file was put away since; the database knows its hash. */
  readonly operatorKey: string | undefined
  /** Where the operator's key stands, for people: a file, or the name of the variable. */
  readonly operatorKeyPlace: string
}

type Settings = Pick<Config, 'dataDir' | 'masterKey' | 'operatorKey'>

/**
 * Reads the secrets, or makes them at the first start on a database.
 * @throws ConfigError where the master key is missing or another one than the database's
 */
export async function openInstallation(pool: pg.Pool, config: Settings): Promise<Installation> {
  const known = await readCheck(pool)
  const masterFile = join(config.dataDir, 'master.key')
  let master = config.masterKey ?? (await readSecret(masterFile))
  if (master === undefined) {
    // A new key beside old data would make every API key and every sealed secret unreadable, silently.
    if (known !== undefined) throw new ConfigError(`MASTER_KEY is not set and ${masterFile} is missing. ${putBack}`)
    master = newSecret()
    await writeSecret(masterFile, master)
  }
  const operatorFile = join(config.dataDir, 'operator.key')
  let operatorKey = config.operatorKey ?? (await readSecret(operatorFile))
  if (operatorKey === undefined && known === undefined) {
    operatorKey = `tamga_${newSecret()}`
    await writeSecret(operatorFile, operatorKey)
  }
  const masterKey = deriveMasterKey(master)
  const check = masterKeyCheck(masterKey)
  if (known === undefined) {
    await pool.query('insert into installation (master_key_check) values ($1) on conflict do nothing', [check])
  }
  // Read again: another first start may have been quicker, with another key.
  if ((await readCheck(pool))?.equals(check) !== true) {
    const place = config.masterKey === undefined ? masterFile : 'MASTER_KEY'
    throw new ConfigError(`${place} is not the master key that this database was made with. ${putBack}`)
  }
  return { masterKey, operatorKey, operatorKeyPlace: config.operatorKey === undefined ? operatorFile : 'OPERATOR_KEY' }
}

const putBack = 'Put the right one back: without it no API key is known and no sealed secret opens.'

async function readCheck(pool: pg.Pool): Promise<Buffer | undefined> {
  const { rows } = await pool.query<{ master_key_check: Buffer }>('select master_key_check from installation')
  return rows[0]?.master_key_check
}
