import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from 'pg'
import { claimUnits } from '../codes/claim-units.ts'
import { inTransaction } from '../codes/store.ts'
import type { Resolver } from '../codes/resolve.ts'
import type { Limits } from '../config/limits.ts'
import type { Fault } from '../custody/claim.ts'
import { connectClient, type DatabaseAccess } from '../db/connect.ts'
import { newId } from '../db/id.ts'
import { findingTexts } from '../findings/finding.ts'
import { findReasons } from '../findings/store.ts'
import type { Throttle } from '../findings/throttle.ts'
import { canonicalEvent, differingField } from '../epcis/canonical.ts'
import type { EpcisEvent } from '../epcis/event.ts'
import { digitalLink } from '../gs1/write.ts'
import type { Clock, FatalLedgerError } from '../ledger/commit.ts'
import { createLedger } from '../ledger/ledger.ts'
import { makePartitions } from '../ledger/store.ts'
import type { Actor } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type { Catalogue } from '../products/catalogue.ts'
import { createActRecorder, type RecordAct } from './act.ts'
import { createJudge } from './bench.ts'
import { type Capture, createCapture, type LeftOut } from './capture.ts'
import { describeFault } from './describe-fault.ts'
import type { EventLedger, PrepareDeps, Prepared } from './prepare.ts'
import { codesOf, eventOf, withLists } from './recorded-event.ts'
import { createSalts } from './salt.ts'
import * as store from './store.ts'

export type OpenOptions = {
  access: DatabaseAccess
  pool: Pool
  resolver: Resolver
  catalogue: Catalogue
  directory: Directory
  limits: Limits
  log: FastifyBaseLogger
  onFatal: (error: FatalLedgerError) => void
  /** `refused`: the first code of each event that was refused. */
  onCommit?: (commit: { log: number; drafts: number; recorded: number; refused: readonly string[]; ms: number }) => void
  throttle: Throttle
  /** What the database's clock is taken for; tests pass another one. */
  clock?: Clock
}

export type OpenedCapture = { capture: Capture; ledger: EventLedger; prepareDeps: PrepareDeps; recordAct: RecordAct }

/** Puts the door, the judge and the ledger together. The ledger has never heard of goods: it is handed the judge. */
export async function openCapture(options: OpenOptions): Promise<OpenedCapture> {
  const { pool, limits, directory } = options
  const onError = (error: Error) => options.log.warn({ err: error }, 'a connection of the ledger broke')
  const client = await pool.connect()
  try {
    await makePartitions(client)
  } finally {
    client.release()
  }
  const salt = createSalts()
  const ledger: EventLedger = createLedger({
    connect: () => connectClient(options.access, onError, { name: 'tamga ledger' }),
    judge: createJudge({ nestingMax: limits.nestingMax, throttle: options.throttle, salt }),
    limits,
    onFatal: options.onFatal,
    onDiskFull: (error) =>
      options.log.error(
        { err: error },
        'the disk of the database is full: nothing is recorded until there is room on it',
      ),
    onCommit: (commit) => {
      const refused = commit.refused.flatMap(([first]) => (first ? [first.code] : []))
      options.onCommit?.({ ...commit, refused })
    },
    ...(options.clock ? { clock: options.clock } : {}),
  })
  const prepareDeps: PrepareDeps = {
    ledger,
    directory,
    resolver: options.resolver,
    catalogue: options.catalogue,
    claimUnits: (units) => inTransaction(pool, (tx) => claimUnits(tx, units)),
    logsOfLogisticUnits: (ids) => store.findLogsOf(pool, ids),
    salt,
    newId,
    entryBytesMax: limits.entryBytesMax,
    codesMax: limits.documentCodesMax,
  }
  const capture = createCapture({
    ...prepareDeps,
    retryAfterSeconds: 1,
    describeFault: (fault, log, actor) => describeFault({ pool, directory }, fault, log, actor),
    differingField: (event, log, position, actor) => findDifference(pool, event, log, position, actor),
    leftOut: (prepared, position) => leftOut(pool, prepared, position),
    waitingAt: (log, position) => waitingAt(pool, options.resolver, log, position),
    findRecorded: (key) => store.findRecorded(pool, key),
    undoWindowDays: limits.undoWindowDays,
  })
  return { capture, ledger, prepareDeps, recordAct: createActRecorder({ ...prepareDeps, retryAfterSeconds: 1 }) }
}

/** Named to its recorder only: what others recorded under an id is not for guessing. */
async function findDifference(pool: Pool, event: EpcisEvent, log: number, position: number, actor: Actor) {
  const entry = await store.findEntry(pool, log, position)
  if (entry.participant !== actor.participant.no) return undefined
  const recorded: unknown = JSON.parse(entry.bytes.toString('utf8'))
  if (typeof recorded !== 'object' || recorded === null || !('event' in recorded)) return undefined
  return differingField(canonicalEvent(event).text, JSON.stringify(recorded.event))
}

async function waitingAt(pool: Pool, resolver: Resolver, log: number, position: number): Promise<string[]> {
  const ids = await store.findWaitingAt(pool, log, position)
  if (ids.length === 0) return []
  return (await resolver.describe(ids)).flatMap((name) => (name ? [digitalLink(name)] : []))
}

/** What the request names and the entry does not, with the newest reason that was given for each. */
async function leftOut(pool: Pool, { draft, log }: Prepared, position: number): Promise<LeftOut> {
  const entry = await store.findEntry(pool, log, position)
  const recorded = new Set(codesOf(await withLists(pool, eventOf(entry.bytes))))
  const subjects = draft.order.claim.parts.flatMap((part) => part.subjects)
  const left = subjects.filter((subject) => !recorded.has(subject.code))
  const reasons = left.length === 0 ? [] : await findReasons(pool, draft.key)
  const byPath = new Map<string, Omit<Fault, 'subject'>>()
  for (const { kind, code, items } of reasons) {
    if (kind !== 'refused' || !isFaultCode(code)) continue
    for (const { path, told, at } of items) {
      const words = { ...(told === undefined ? {} : { detail: told }), ...(at === undefined ? {} : { position: at }) }
      if (!byPath.has(path)) byPath.set(path, { code, concerned: [], ...words })
    }
  }
  const faults = left.flatMap((subject) => {
    const reason = byPath.get(subject.path)
    return reason ? [{ subject, ...reason }] : []
  })
  return { faults, count: left.length }
}

const isFaultCode = (code: string): code is Fault['code'] => code in findingTexts
