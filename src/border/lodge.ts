import type { ClientBase } from 'pg'
import { listActs } from '../declarations/act-store.ts'
import { canonicalJson, recordBorderAct, sha256Hex } from '../declarations/act.ts'
import type { LodgedBody, OutcomeBody, PresentedBody } from '../declarations/bodies.ts'
import { codeLists, type Goods, type GoodsDeps, readGoods, storedGoods, unitsOf } from '../declarations/goods.ts'
import { parseRanges } from '../declarations/ranges.ts'
import type { NewDeclaration, NewOutcome, NewPresentation, Party } from '../declarations/schema.ts'
import { isPresented, type Standing, standingOf } from '../declarations/standing.ts'
import * as store from '../declarations/store.ts'
import { newId } from '../db/id.ts'
import { readCode } from '../gs1/read.ts'
import { digitalLink } from '../gs1/write.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import { drawInspector } from '../inspection/duty.ts'
import { type DeskDeps, demandOpen, findStanding, withDeclaration } from '../inspection/desk.ts'
import { type Actor, actingFor, hasRole, mandated } from '../participants/actor.ts'
import { partyName } from '../risk/party.ts'
import { decideDeclaration } from '../risk/deciding.ts'
import { declaredPieces } from '../risk/quantity.ts'
import { chanceOf, chanceOfVersion, linesName, lockGoods } from './chance.ts'

export type BorderDeps = DeskDeps & { goodsDeps: GoodsDeps; ledgerNo: (log: string) => Promise<number> }

export type Lodged = { standing: Standing; again: boolean }

/**
 * Lodges a declaration and decides it before the answer. The same content again is the same declaration.
 * @throws Problem taken where the reference has other content; not_mandated; field_invalid, code_malformed, gtin_check_digit
 */
export async function lodge(deps: BorderDeps, actor: Actor, content: NewDeclaration): Promise<Lodged> {
  const declarant = actingFor(actor)
  mandated(actor, 'declare')
  await checkParties(deps, actor, content)
  checkLines(content)
  const digest = contentDigest(content)
  const done = await deps.exclusively(`reference ${declarant.no} ${content.reference}`, async (client) => {
    const known = await store.findByReference(client, declarant.no, content.reference)
    if (known) return { id: known.id, again: sameContent(await listActs(client, known.id), digest, content.reference) }
    const goods = await readGoods(deps.goodsDeps, codeLists(content), content.items)
    mandated(actor, 'declare', new Set(goods.parts.map(({ gtin }) => gtin)))
    const id = newId()
    await lockGoods(client, goods)
    const chance = await chanceOf(deps, { id, digest, content, goods })
    const body: LodgedBody = { version: 1, content, digest, declarant: declarant.id, goods: storedGoods(goods), chance }
    const at = deps.now()
    const { position } = await recordBorderAct(deps, client, { kind: 'lodged', subject: id, at, actor, body })
    const no = await store.insertDeclaration(client, {
      id,
      participant: declarant.no,
      reference: content.reference,
      flow: content.flow,
      office: content.office,
      lodged_at: at,
      position,
    })
    await keepLines(deps, client, no, 1, content, goods)
    await keepNames(client, no, id, content)
    return { id, again: false }
  })
  const standing = await decideNow(deps, done.id, done.again ? 'asked' : 'lodged', done.again)
  if (!done.again && isParallel(standing)) await decideOthers(deps, standing)
  return { standing, again: done.again }
}

function isParallel({ decisions }: Standing): boolean {
  const shares = decisions.at(-1)?.body.facts.decl['parallelUnits']
  return shares !== undefined && 'value' in shares && shares.value !== 0
}

/** Of the same goods declared twice each is a finding for the other: a few, for nobody may make others wait. */
const othersMax = 5

/** Decides other open declarations of these goods once more; what a stranger named changes nothing in theirs (facts P07). */
export async function decideOthers(deps: BorderDeps, standing: Standing): Promise<void> {
  const { content, goods } = standing.current.body
  const ids = new Set<string>()
  for (const log of new Set(goods.parts.map((part) => part.log))) {
    const units = goods.parts.filter((part) => part.log === log).flatMap((part) => parseRanges(part.units))
    const others = await store.findSharing(
      deps.pool,
      await deps.ledgerNo(log),
      units,
      Number.MAX_SAFE_INTEGER,
      standing.id,
    )
    for (const other of others) if (other.flow === content.flow) ids.add(other.id)
  }
  for (const id of [...ids].slice(0, othersMax)) {
    await deps.exclusively(`declaration ${id}`, async (client) => {
      const other = await findStanding(client, id)
      const open = !other.outcome && !(other.released && isPresented(other))
      if (open && other.lane !== null) await decideDeclaration(deps, client, other, 'parallel')
    })
  }
}

export const contentDigest = (content: NewDeclaration): string => sha256Hex(canonicalJson(content))

function sameContent(acts: readonly { body: string }[], digest: string, reference: string): true {
  const known = acts.some(({ body }) => (JSON.parse(body) as { digest?: string }).digest === digest)
  if (known) return true
  throw new Problem('taken', {
    detail: `The reference ${reference} has another content. Amend it (POST /declarations/{id}/versions) or use a new reference.`,
  })
}

/** Decides, unless that was done already and nothing came since. */
async function decideNow(deps: BorderDeps, id: string, trigger: string, onlyIfOpen: boolean): Promise<Standing> {
  return deps.exclusively(`declaration ${id}`, async (client) => {
    const row = await store.findDeclaration(client, id)
    if (!row) throw new Error(`the declaration ${id} is gone`)
    const standing = standingOf(row.participant, await listActs(client, id))
    if (onlyIfOpen && standing.lane !== null) return standing
    return decideDeclaration(deps, client, standing, trigger)
  })
}

async function checkParties({ directory }: BorderDeps, actor: Actor, content: NewDeclaration): Promise<void> {
  const { declarant: named } = content
  // A broker may be named as who lodges, or its principal as whose declaration it is.
  if (named !== undefined && named !== actingFor(actor).id && named !== actor.participant.id) {
    throw new Problem('not_mandated', {
      detail: 'You declare in your own name, or for a principal with Tamga-For. Leave declarant out, or name who acts.',
    })
  }
  for (const field of ['consignor', 'consignee'] as const) {
    const party: Party = content[field]
    if (typeof party !== 'string' || (await directory.byId(party))) continue
    throw fieldProblem(`/${field}`, 'There is no such participant. Name who is not registered as {name, country}.')
  }
}

function checkLines({ items }: NewDeclaration): void {
  const seen = new Set<number>()
  items.forEach(({ number }, i) => {
    if (seen.has(number)) throw fieldProblem(`/items/${i}/number`, `The line ${number} is there twice.`)
    seen.add(number)
  })
}

/** What is searched of a version: its lines with their units. */
export async function keepLines(
  deps: BorderDeps,
  client: ClientBase,
  no: number,
  version: number,
  content: NewDeclaration,
  goods: Goods,
): Promise<void> {
  const rows: store.LineRow[] = []
  for (const item of content.items) {
    const own = goods.parts.filter((part) => part.item === item.number)
    const products = await Promise.all(own.map(({ gtin }) => deps.goodsDeps.catalogue.byGtin(gtin)))
    const view = { products: products.filter((product) => product !== undefined) }
    const line = {
      item: item.number,
      hsCode: item.hsCode,
      origin: item.originCountry,
      consignor: partyName(content.consignor),
      amount: String(item.value.amount),
      currency: item.value.currency,
      pieces: declaredPieces(item, [view])?.toFixed() ?? null,
    }
    const logs = [...new Set(own.map(({ log }) => log))]
    if (logs.length === 0) rows.push({ ...line, log: 0, units: [] })
    for (const log of logs) rows.push({ ...line, log: await deps.ledgerNo(log), units: unitsOf(own, log) })
  }
  await store.insertLines(client, no, version, rows)
}

/** What it can be called at the barrier. */
export async function keepNames(client: ClientBase, no: number, id: string, content: NewDeclaration): Promise<void> {
  const ssccs = codeLists(content)
    .flatMap(({ codes }) => codes)
    .flatMap((code) => {
      const reading = typeof code === 'string' ? readCode(code).reading : undefined
      return reading?.kind === 'logistic' ? [{ kind: 'sscc', value: digitalLink(reading) }] : []
    })
  await store.insertNames(client, no, [
    { kind: 'declaration', value: id },
    { kind: 'reference', value: content.reference },
    { kind: 'plate', value: plateOf(content.transport.id) },
    ...(content.containers ?? []).map((value) => ({ kind: 'container', value: plateOf(value) })),
    ...(ssccs.length === 0 && codeLists(content).length === 0 ? [{ kind: 'lines', value: linesName(content) }] : []),
    ...ssccs,
  ])
}

/** A plate or container number without what is written differently each time. */
export const plateOf = (text: string): string => text.toUpperCase().replaceAll(/[\s.-]/g, '')

/**
 * Another version of what is declared; decided anew. A lane that it had stays.
 * @throws Problem not_possible once it has an outcome; field_invalid where the reference is another
 */
export async function amend(deps: BorderDeps, actor: Actor, id: string, content: NewDeclaration): Promise<Standing> {
  checkLines(content)
  return withDeclaration(deps, actor, id, async (client, standing) => {
    demandDeclarant(standing, actor)
    demandOpen(standing)
    await checkParties(deps, actor, content)
    if (content.reference !== standing.current.body.content.reference) {
      throw fieldProblem('/reference', 'A version keeps the reference of the declaration.')
    }
    if (contentDigest(content) === standing.current.body.digest) return standing
    const goods = await readGoods(deps.goodsDeps, codeLists(content), content.items)
    mandated(actor, 'declare', new Set(goods.parts.map(({ gtin }) => gtin)))
    const version = standing.current.body.version + 1
    const digest = contentDigest(content)
    const { declarant } = standing.lodged.body
    await lockGoods(client, goods)
    const chance = await chanceOfVersion(deps, standing, { id, digest, content, goods })
    const body: LodgedBody = { version, content, digest, declarant, goods: storedGoods(goods), chance }
    await recordBorderAct(deps, client, { kind: 'amended', subject: id, at: deps.now(), actor, body })
    const row = await store.findDeclaration(client, id)
    if (!row) throw new Error(`the declaration ${id} is gone`)
    await keepLines(deps, client, row.no, version, content, goods)
    await keepNames(client, row.no, id, content)
    return decideDeclaration(deps, client, standingOf(standing.participant, await listActs(client, id)), 'amended')
  })
}

function demandDeclarant(standing: Standing, actor: Actor): void {
  if (standing.participant === actingFor(actor).no) return
  throw new Problem('role_missing', { detail: 'Only the declarant does this.' })
}

/** The goods are there: compared with what is declared, decided again, and an inspector is drawn. */
export async function present(deps: BorderDeps, actor: Actor, id: string, content: NewPresentation): Promise<Standing> {
  return withDeclaration(deps, actor, id, async (client, standing) => {
    if (!hasRole(actingFor(actor), 'customs')) demandDeclarant(standing, actor)
    demandOpen(standing)
    const { items } = standing.current.body.content
    const goods = content.codes
      ? await readGoods(deps.goodsDeps, codeLists({ codes: content.codes }), items)
      : undefined
    const at = deps.now()
    const body: PresentedBody = {
      at: at.toISOString(),
      by: actingFor(actor).id,
      content,
      ...(goods ? { goods: storedGoods(goods) } : {}),
    }
    await recordBorderAct(deps, client, { kind: 'presented', subject: id, at, actor, body })
    const row = await store.findDeclaration(client, id)
    const names = [content.vehicle, ...(content.containers ?? [])].map((value) => ({
      kind: 'plate',
      value: plateOf(value),
    }))
    if (row) await store.insertNames(client, row.no, names)
    const now = standingOf(standing.participant, await listActs(client, id))
    const decided = await decideDeclaration(deps, client, now, 'presented')
    return drawInspector(deps, client, decided)
  })
}

/** What became of it. The declarant withdraws; everything else is customs' word. */
export async function conclude(deps: BorderDeps, actor: Actor, id: string, given: NewOutcome): Promise<Standing> {
  return withDeclaration(deps, actor, id, async (client, standing) => {
    const customs = hasRole(actingFor(actor), 'customs')
    demandOpen(standing)
    if (!customs) {
      demandDeclarant(standing, actor)
      if (given.outcome !== 'withdrawn') {
        throw new Problem('role_missing', { detail: 'Only customs record this outcome; a declarant may withdraw.' })
      }
      if (isPresented(standing) && (standing.lane === 'red' || standing.lane === 'yellow')) {
        throw new Problem('not_possible', {
          detail: 'What is presented and selected is not withdrawn. Ask the office.',
        })
      }
    }
    if (positive.includes(given.outcome) && !standing.released) {
      throw new Problem('check_outstanding', {
        detail: 'It is not released. See what is outstanding, and release it first.',
      })
    }
    const body: OutcomeBody = { ...given, by: actingFor(actor).id }
    await recordBorderAct(deps, client, { kind: 'outcome', subject: id, at: deps.now(), actor, body })
    return standingOf(standing.participant, await listActs(client, id))
  })
}

/** Outcomes by which goods go where they were declared to. */
const positive: readonly string[] = ['cleared', 'exited', 'arrived']
