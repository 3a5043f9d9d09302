import type { Pool } from 'pg'
import type { RecordAct } from '../capture/act.ts'
import { findObject, type FindDeps } from '../provenance/find-object.ts'
import { linkOf, publicState } from '../provenance/life.ts'
import { loadBench } from '../custody/load.ts'
import { flag, standing, stateOf } from '../custody/object.ts'
import { newId } from '../db/id.ts'
import { isGtin } from '../gs1/identifiers.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import { type Actor, actingFor, hasRole, type ParticipantRef, seesAll } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type * as wire from './schema.ts'
import * as store from './store.ts'

export type RecallDeps = FindDeps & { pool: Pool; directory: Directory; recordAct: RecordAct; now: () => Date }

const isAuthority = (participant: ParticipantRef) => hasRole(participant, 'customs', 'agency', 'operator')

/**
 * Withdraws a GTIN, a lot of it, or one code from sale, at once and everywhere. By its owner or importer, or by an authority; a single
 * code by an authority alone, for a firm could block its competitor's.
 * @throws Problem role_missing, not_found, field_invalid
 */
export async function addRecall(deps: RecallDeps, actor: Actor, body: wire.NewRecall): Promise<wire.Recall> {
  const asker = actingFor(actor)
  const at = deps.now()
  // Never the code as it was scanned: its tail is its owner's alone.
  const { code, ...subject } =
    body.code === undefined
      ? { code: undefined, ...(await productOf(deps, asker, body)) }
      : await codeOf(deps, asker, body)
  const recall: store.NewRecall = {
    id: newId(),
    at,
    participant: asker.no,
    person: actor.person?.no ?? null,
    reason: body.reason,
    legalBasis: body.legalBasis ?? null,
    ...subject,
  }
  await deps.recordAct({
    kind: 'recalled',
    at,
    actor,
    subject: { recall: recall.id, gtin: body.gtin, lot: body.lot, code, reason: body.reason },
  })
  await store.insertRecall(deps.pool, recall)
  return find(deps, recall.id)
}

async function productOf({ catalogue }: RecallDeps, asker: ParticipantRef, { gtin, lot }: wire.NewRecall) {
  if (gtin === undefined) throw fieldProblem('/gtin', 'Name a GTIN, or one code.')
  const padded = gtin.padStart(14, '0')
  if (!isGtin(padded)) throw fieldProblem('/gtin', 'The check digit is wrong.', 'gtin_check_digit')
  const product = await catalogue.byGtin(padded)
  if (!product) throw new Problem('not_found', { detail: 'This GTIN is not registered.' })
  const own = product.ownerNo === asker.no || product.importerNos.includes(asker.no)
  if (!own && !isAuthority(asker)) {
    throw new Problem('role_missing', {
      detail: 'Only its owner, an importer of it or an authority may recall a product.',
    })
  }
  return { gtin: padded, objectId: null, lot: lot ?? null }
}

async function codeOf(deps: RecallDeps, asker: ParticipantRef, { gtin, lot, code = '' }: wire.NewRecall) {
  if (gtin !== undefined || lot !== undefined) throw fieldProblem('/code', 'Name a GTIN, or one code, not both.')
  if (!isAuthority(asker)) throw new Problem('role_missing', { detail: 'Only an authority may block a single code.' })
  const found = await findObject(deps, code)
  return { code: found.code, gtin: null, objectId: found.id, lot: null }
}

/** Only who set it lifts it. */
export async function endRecall(deps: RecallDeps, actor: Actor, id: string, reason: string): Promise<wire.Recall> {
  const row = await existing(deps, id)
  if (row.participant !== actingFor(actor).no) {
    throw new Problem('role_missing', { detail: 'Only who set it may lift it. Ask them.' })
  }
  const at = deps.now()
  await deps.recordAct({ kind: 'recall_lifted', at, actor, subject: { recall: id, reason } })
  const end = { at, participant: actingFor(actor).no, person: actor.person?.no ?? null, reason }
  if (!(await store.endRecall(deps.pool, row.no, end))) throw new Problem('taken', { detail: 'It was lifted before.' })
  return find(deps, id)
}

async function existing({ pool }: RecallDeps, id: string): Promise<store.RecallRow> {
  const row = await store.findRecall(pool, id)
  if (!row) throw new Problem('not_found', { detail: 'There is no such recall.' })
  return row
}

export const find = async (deps: RecallDeps, id: string): Promise<wire.Recall> => tell(deps, await existing(deps, id))

export async function tell({ directory, resolver }: RecallDeps, row: store.RecallRow): Promise<wire.Recall> {
  const by = await directory.byNo(row.participant)
  const code = await linkOf(resolver, row.object_id)
  return {
    id: row.id,
    at: row.at.toISOString(),
    by: { id: by?.id ?? '', name: by?.name ?? '' },
    ...(row.gtin === null ? {} : { gtin: row.gtin }),
    ...(row.lot === null ? {} : { lot: row.lot }),
    ...(code === undefined ? {} : { code }),
    reason: row.reason,
    ...(row.legal_basis === null ? {} : { legalBasis: row.legal_basis }),
    endedAt: row.ended_at?.toISOString() ?? null,
  }
}

/** Who has the recalled units now, for who recalled and for those who see all. */
export async function tellHolders(deps: RecallDeps, actor: Actor, id: string) {
  const row = await existing(deps, id)
  const asker = actingFor(actor)
  if (row.participant !== asker.no && !seesAll(asker))
    throw new Problem('not_found', { detail: 'There is no such recall.' })
  if (row.gtin === null)
    throw new Problem('not_possible', { detail: 'A block of one code has no list. See GET /units/{code}.' })
  const counts = new Map<string, { holder: number | null; state: string; count: number }>()
  const orders = await store.findOrdersOf(deps.pool, row.gtin)
  for (const logName of new Set(orders.map((order) => order.log))) {
    const log = await deps.ledger.logNo(logName)
    const nos = orders.filter((order) => order.log === logName).map((order) => order.no)
    for (const place of await whereabouts(deps, log, await store.countWhereabouts(deps.pool, log, row.lot, nos))) {
      const key = `${place.holder} ${place.state}`
      const known = counts.get(key)
      if (known) known.count += place.count
      else counts.set(key, place)
    }
  }
  const holders = await Promise.all(
    [...counts.values()].map(async ({ holder, state, count }) => {
      const participant = holder === null ? undefined : await deps.directory.byNo(holder)
      const named = participant ? { id: participant.id, name: participant.name, country: participant.country } : null
      return { holder: named, state, count }
    }),
  )
  holders.sort((a, b) => b.count - a.count)
  return { id, units: holders.reduce((sum, row) => sum + row.count, 0), holders }
}

/** What is packed is where its outermost container is. */
async function whereabouts(deps: RecallDeps, log: number, rows: readonly store.Whereabouts[]) {
  const parents = rows.flatMap((row) => row.parent ?? [])
  const claim = { principal: 0, parts: [{ act: 'observe' as const, subjects: parents.map(named) }], eventTimeMs: 0 }
  const { steps } = await loadBench(deps.pool, log, [claim], false)
  return rows.map((row) => {
    const state = stateOf(row.state)
    const container = row.parent === null ? undefined : steps.get(row.parent)
    if (!container) {
      return {
        holder: row.holder,
        state: publicState({ state, underWay: (row.flags & flag.underWay) !== 0 }),
        count: row.count,
      }
    }
    const now = standing({ ...container, state, contents: null }, (id) => steps.get(id))
    return { holder: now.holder, state: publicState(now), count: row.count }
  })
}

const named = (id: bigint) => ({ id, path: '', code: '', observe: false, orderedBy: null, orderObject: null })
