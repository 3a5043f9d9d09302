// The border put together: what is declared, what the ledger says of it, the rules, the draw, the desk.
import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from 'pg'
import type { Capture } from '../capture/capture.ts'
import type { EventLedger } from '../capture/prepare.ts'
import type { RecordAct } from '../capture/act.ts'
import { lookForClones } from '../clones/watch.ts'
import type { Resolver } from '../codes/resolve.ts'
import type { Limits } from '../config/limits.ts'
import type { Db } from '../db/connect.ts'
import type { Vault } from '../db/secret.ts'
import { createExclusively, mendActs } from '../declarations/act.ts'
import type { Beacon } from '../draw/beacon.ts'
import { createShifts, type Shifts } from '../draw/shifts.ts'
import type { Directory } from '../participants/directory.ts'
import type { Catalogue } from '../products/catalogue.ts'
import { createRuleEngine } from '../risk/engine.ts'
import { isApproved, isAuthorised } from '../risk/privileges.ts'
import { createReadyProfiles, ensureFirstProfile, inForce, type ProfileDeps, readProfiles } from '../risk/profiles.ts'
import { createActivation } from './activate.ts'
import type { BorderDeps } from './lodge.ts'
import { mendDeclarations } from './mend.ts'
import { openSymbolKeys, type SymbolKeys } from './symbol.ts'

export type OpenBorder = {
  pool: Pool
  db: Db
  ledger: EventLedger
  resolver: Resolver
  catalogue: Catalogue
  directory: Directory
  capture: Capture
  recordAct: RecordAct
  vault: Vault
  beacon: Beacon
  limits: Limits
  log: FastifyBaseLogger
  now: () => Date
}

export type Border = { deps: BorderDeps; profiles: ProfileDeps; shifts: Shifts; symbols: SymbolKeys }

/** Each holds a connection and asks for others: most of the pool is left to them. */
const atOnce = 3

export async function openBorder(options: OpenBorder): Promise<Border> {
  const { pool, db, ledger, resolver, catalogue, directory, recordAct, limits, now, log } = options
  const exclusively = createExclusively(pool, atOnce)
  const engine = createRuleEngine()
  const profiles: ProfileDeps = { pool, recordAct, exclusively, engine, now }
  const shifts = createShifts({ pool, recordAct, vault: options.vault, exclusively, now })
  const mended = await mendActs({ pool, ledger })
  if (mended > 0) log.warn({ mended }, 'entries of customs had no rows; they have now')
  await ensureFirstProfile(profiles)
  await shifts.turn()
  const logNo = (name: string): Promise<number> => ledger.logNo(name)
  const factDeps = {
    pool,
    db,
    resolver,
    catalogue,
    directory,
    limits,
    logNo,
    lookForClones: () => lookForClones({ pool, resolver, directory, now, limits }),
    isAuthorised: (participant: string, at: Date, before: number) => isAuthorised(pool, participant, at, before),
    isApproved: (...asked: Parameters<typeof isApproved> extends [unknown, ...infer Rest] ? Rest : never) =>
      isApproved(pool, ...asked),
  }
  const deps: BorderDeps = {
    pool,
    exclusively,
    resolver,
    directory,
    log,
    recordAct,
    factDeps,
    engine,
    ready: createReadyProfiles(engine),
    shifts,
    beacon: options.beacon,
    now,
    onRelease: createActivation({ pool, db, resolver, capture: options.capture, now, log }),
    secondShare: async (hash) =>
      (await readProfiles(pool)).find((profile) => profile.hash === hash)?.profile.secondShare ??
      inForce(await readProfiles(pool), now())?.profile.secondShare ??
      0,
    goodsDeps: { pool, resolver, catalogue, ledger, nestingMax: limits.nestingMax },
    ledgerNo: logNo,
  }
  const declared = await mendDeclarations(deps)
  if (declared > 0) log.warn({ declared }, 'declarations had no rows; they have now')
  return { deps, profiles, shifts, symbols: await openSymbolKeys(pool, options.vault) }
}
