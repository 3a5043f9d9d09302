import type { Pool } from 'pg'
import type { Entry, FactValue } from '../declarations/bodies.ts'
import { listActsOf } from '../declarations/act-store.ts'
import { customsLog } from '../declarations/act.ts'
import { parseRanges, sizeOf, union, difference, intersection, type Ranges } from '../declarations/ranges.ts'
import type { Item, NewDeclaration, Party } from '../declarations/schema.ts'
import { isClosed, isPresented, type Standing, standingOf } from '../declarations/standing.ts'
import * as declarations from '../declarations/store.ts'
import type { Db } from '../db/connect.ts'
import type { Directory } from '../participants/directory.ts'
import { mandatesBetween } from '../participants/mandate-store.ts'
import type { FactQuestion } from './facts.ts'
import { FactSheet } from './fact-sheet.ts'
import * as store from './facts-store.ts'
import { countStrange, type GoodsView } from './goods-facts.ts'
import { declaredPieces } from './quantity.ts'
import { documentFacts } from './document-facts.ts'
import { partyName, procedureOf } from './party.ts'
import { decayed, partyScore, robustZ, rounded } from './statistics.ts'
import { findUnfinishedAlike, setUnfinished, unfinishedOf } from './unfinished.ts'
import type { DeclFact, ItemFact } from './vocabulary.ts'

export type DeclarationFactDeps = {
  pool: Pool
  db: Db
  directory: Directory
  /** Whether a declarant is an authorised operator at a moment. */
  isAuthorised: (participant: string, at: Date, before: number) => Promise<boolean>
  /** Whether a combination covers this declaration at a moment. */
  isApproved: (content: NewDeclaration, declarant: string, at: Date, before: number) => Promise<boolean>
}

async function partyCountry(directory: Directory, party: Party): Promise<string | undefined> {
  return typeof party === 'string' ? (await directory.byId(party))?.country : party.country
}

export async function declarationFacts(
  deps: DeclarationFactDeps,
  question: FactQuestion,
  views: readonly GoodsView[],
): Promise<Record<string, FactValue>> {
  const { standing, at, customs } = question
  const { content, declarant, paper } = standing.current.body
  const sheet = new FactSheet<DeclFact>()
  sheet.set('flow', content.flow)
  sheet.set('office', content.office)
  sheet.set('procedure', procedureOf(content))
  sheet.set('mode', content.transport.mode)
  sheet.set('declarant', declarant)
  for (const role of ['consignor', 'consignee'] as const) {
    sheet.set(role, partyName(content[role]))
    const country = await partyCountry(deps.directory, content[role])
    if (country !== undefined) sheet.set(`${role}Country`, country)
  }
  const country = (await deps.directory.byId(declarant))?.country
  if (country !== undefined) sheet.set('declarantCountry', country)
  sheet.set('route', content.route)
  const [departure] = content.route
  if (departure !== undefined) sheet.set('departure', departure)
  const types = (content.documents ?? []).map((document) => (typeof document === 'string' ? document : document.type))
  sheet.set('documents', types)
  sheet.set('lines', content.items.length)
  sheet.set('seals', content.seals?.length ?? 0)
  sheet.set('paper', paper === true)
  sheet.set('authorised', await deps.isAuthorised(declarant, at, customs))
  sheet.set('combinationApproved', await deps.isApproved(content, declarant, at, customs))
  await sharingFacts(deps, sheet, question, views)
  presentationFacts(sheet, standing)
  documentFacts(sheet, standing, at)
  const results = decayed(await store.findResults(deps.pool, standing.participant, customs, at), at)
  sheet.set('partyScore', rounded(partyScore(results.hits, results.clean)))
  sheet.set('partyResults', rounded(results.hits + results.clean, 3))
  return sheet.facts
}

/** Goods that other declarations name too, and goods with which the declarant has nothing to do. */
async function sharingFacts(
  deps: DeclarationFactDeps,
  sheet: FactSheet<DeclFact>,
  question: FactQuestion,
  views: readonly GoodsView[],
): Promise<void> {
  const { standing, customs, at } = question
  const { content } = standing.current.body
  const sharing: Standing[] = []
  let relodged = 0
  let parallel: Ranges = []
  const entries: Entry[] = []
  for (const { asOf, units } of views) {
    const others = await declarations.findSharing(deps.pool, asOf.log, units, customs, standing.id)
    const same = others.filter(({ flow }) => flow === content.flow)
    const acts = await listActsOf(
      deps.pool,
      same.map(({ id }) => id),
    )
    for (const other of same) {
      relodged++
      const known = (acts.get(other.id) ?? []).filter(({ position }) => position < customs)
      const now = standingOf(other.participant, known)
      sharing.push(now)
      if (!isOpen(now)) continue
      // Named by a stranger: that raises his declaration, and not this one.
      if (!(await concerns(deps, other.participant, [...views], other.shared, at))) continue
      parallel = union([...parallel, ...other.shared])
      entries.push({ log: customsLog, position: Number(other.position) })
    }
  }
  const unfinished = [...unfinishedOf(standing, sharing), ...(await findUnfinishedAlike(deps.pool, question))]
  setUnfinished(sheet, unfinished)
  const follows = (content.previousDocuments?.length ?? 0) > 0
  sheet.set('relodged', relodged)
  sheet.set('parallelUnits', follows ? 0 : sizeOf(parallel), { entries: entries.slice(0, 10) })
  const stranger = countStrange(views, standing.participant, await principalsOf(deps, standing.participant, views, at))
  sheet.set('strangerUnits', stranger.count)
}

const isOpen = (standing: Standing): boolean => !isClosed(standing) && !(standing.released && isPresented(standing))

/** Whether a declarant has to do with these goods. */
async function concerns(
  deps: DeclarationFactDeps,
  participant: number,
  views: readonly GoodsView[],
  shared: Ranges,
  at: Date,
): Promise<boolean> {
  const own = views.filter(({ units }) => intersection(units, shared).length > 0)
  const strange = countStrange(own, participant, await principalsOf(deps, participant, own, at))
  return (
    strange.count <
      own.reduce((sum, { standings }) => sum + standings.reduce((n, { group }) => n + group.count, 0), 0) ||
    strange.count === 0
  )
}

/** Owners and holders for whom this firm may declare. */
async function principalsOf(
  { db }: DeclarationFactDeps,
  participant: number,
  views: readonly GoodsView[],
  at: Date,
): Promise<Set<number>> {
  const parties = new Set(views.flatMap(({ standings }) => standings.flatMap(({ now }) => [now.owner, now.holder])))
  const found = new Set<number>()
  for (const no of [...parties].slice(0, 20)) {
    if (no === null) continue
    const mandates = await mandatesBetween(db, participant, no)
    if (mandates.some(({ may, until }) => may.includes('declare') && until > at)) found.add(no)
  }
  return found
}

/** What came compared with what was declared: re-packed on the way is fine, substituted units are not. */
function presentationFacts(sheet: FactSheet<DeclFact>, standing: Standing): void {
  const { content, goods } = standing.current.body
  const last = standing.presentations.at(-1)
  if (!last) return
  const { seals } = last.body.content
  if (seals && content.seals && content.seals.length > 0) {
    sheet.set('sealsDiffer', [...seals].sort().join(' ') !== [...content.seals].sort().join(' '), {
      entries: [{ log: customsLog, position: last.position }],
    })
  }
  const shown = standing.presentations.flatMap(({ body }) => body.goods ?? [])
  if (shown.length === 0) return
  const frozen = union(goods.parts.flatMap(({ units }) => parseRanges(units)))
  const came = union(shown.flatMap(({ parts }) => parts.flatMap(({ units }) => parseRanges(units))))
  const bad = shown.reduce((sum, each) => sum + each.bad.length, 0)
  sheet.set('substitutedUnits', sizeOf(difference(came, frozen)) + bad)
  sheet.set('absentUnits', sizeOf(difference(frozen, came)))
}

const yearMs = 365 * 86_400_000
const pricesLeast = 30
const pricesMax = 5_000

/** What is asked once for all lines of a declaration: what its declarant brought before, and earlier values by heading. */
export type Past = { relations: readonly declarations.Relation[]; prices: Map<string, Promise<number[]>> }

export async function lineFacts(
  deps: DeclarationFactDeps,
  { standing, at, customs }: FactQuestion,
  item: Item,
  views: readonly GoodsView[],
  { relations, prices }: Past,
): Promise<Record<string, FactValue>> {
  const { content } = standing.current.body
  const sheet = new FactSheet<ItemFact>()
  sheet.set('number', item.number)
  sheet.set('hs', item.hsCode)
  sheet.set('hs2', item.hsCode.slice(0, 2))
  sheet.set('hs4', item.hsCode.slice(0, 4))
  sheet.set('hs6', item.hsCode.slice(0, 6))
  sheet.set('origin', item.originCountry)
  sheet.set('quantity', Number(item.quantity))
  sheet.set('unit', item.unit)
  sheet.set('value', Number(item.value.amount))
  sheet.set('currency', item.value.currency)
  if (item.netMassKg !== undefined) sheet.set('netMassKg', Number(item.netMassKg))
  if (item.grossMassKg !== undefined) sheet.set('grossMassKg', Number(item.grossMassKg))
  const pieces = declaredPieces(item, views)
  if (pieces) {
    sheet.set('pieces', pieces.round(3).toNumber())
    if (pieces.gt(0)) {
      const price = Number(item.value.amount) / pieces.toNumber()
      sheet.set('unitValue', rounded(price))
      await priceFact(deps, sheet, { item, price, customs, at, prices })
    }
  } else sheet.unknown('pieces', 'the customs unit does not tell how many pieces')
  const day = at.toISOString().slice(0, 10)
  const { flow } = content
  const due = await declarations.findMarkingDue(deps.pool, {
    hsCode: item.hsCode,
    flow,
    procedure: procedureOf(content),
    day,
  })
  sheet.set('markingDue', due?.due ?? false)
  sheet.set('exempt', item.exemption !== undefined && (await declarations.isExemption(deps.pool, item.exemption)))
  const hs4 = item.hsCode.slice(0, 4)
  const all = relations.reduce((sum, { count }) => sum + count, 0)
  const same = relations.find((known) => known.hs4 === hs4 && known.origin === item.originCountry)?.count ?? 0
  sheet.set('relation', rounded(-Math.log((same + 1) / (all + relations.length + 1)), 4))
  return sheet.facts
}

async function priceFact(
  { pool }: DeclarationFactDeps,
  sheet: FactSheet<ItemFact>,
  {
    item,
    price,
    customs,
    at,
    prices: known,
  }: { item: Item; price: number; customs: number; at: Date } & Pick<Past, 'prices'>,
): Promise<void> {
  if (price <= 0) return sheet.unknown('priceZ', 'no value is declared')
  const asked = {
    origin: item.originCountry,
    currency: item.value.currency,
    before: customs,
    from: new Date(at.getTime() - yearMs),
  }
  const pricesOf = (length: number): Promise<number[]> => {
    const hsPrefix = item.hsCode.slice(0, length)
    const key = `${hsPrefix} ${asked.origin} ${asked.currency}`
    const prices = known.get(key) ?? declarations.findPrices(pool, { ...asked, hsPrefix }, pricesMax)
    known.set(key, prices)
    return prices
  }
  const ofHeading = await pricesOf(4)
  // Where the heading has too few, whatever is closer has no more.
  const closer = ofHeading.length < pricesLeast ? [] : [10, 6].filter((length) => item.hsCode.length >= length)
  for (const length of [...closer, 4]) {
    const prices = length === 4 ? ofHeading : await pricesOf(length)
    const z = robustZ(Math.log(price), prices.map(Math.log), pricesLeast)
    if (z !== undefined) return sheet.set('priceZ', rounded(z, 4))
  }
  sheet.unknown('priceZ', 'fewer than thirty earlier values to compare with')
}
