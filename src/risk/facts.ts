import Big from 'big.js'
import type { Entry, FactValue, Facts } from '../declarations/bodies.ts'
import type { Standing } from '../declarations/standing.ts'
import type { Part, StoredGoods } from '../declarations/goods.ts'
import { samePrefix } from '../declarations/lines.ts'
import { usualHours } from './shipments.ts'
import { findContainerSteps, findEntries } from '../declarations/goods-store.ts'
import { declaredPieces, mixedPieces, quantityClaim } from './quantity.ts'
import { clonesKnown, type ClonesKnownDeps } from './clones-known.ts'
import { FactSheet } from './fact-sheet.ts'
import { parseRanges } from '../declarations/ranges.ts'
import { listRelations } from '../declarations/store.ts'
import type { Item } from '../declarations/schema.ts'
import { stateNo } from '../custody/object.ts'
import { digitalLink } from '../gs1/write.ts'
import { type DeclarationFactDeps, declarationFacts, lineFacts } from './declaration-facts.ts'
import * as goods from './goods-facts.ts'
import * as store from './facts-store.ts'
import { documentsOf, isExpired } from './document-facts.ts'
import { massFacts } from './mass-facts.ts'
import { type KnownCapacity, listCapacities, type Made, production, worstHour } from './production.ts'
import type { LedFact } from './vocabulary.ts'
import { rounded } from './statistics.ts'

export type FactDeps = DeclarationFactDeps & goods.GoodsFactDeps & ClonesKnownDeps

export type FactQuestion = {
  standing: Standing
  at: Date
  /** Entries of each log below these positions count; those that were frozen at lodgement if nothing else is said. */
  positions: Readonly<Record<string, number>>
  /** Acts of customs below this position count. */
  customs: number
}

/** Every fact about a declaration, as of the positions of the question. */
export async function readFacts(deps: FactDeps, question: FactQuestion): Promise<Facts> {
  const { positions } = question
  const { content, goods: frozen } = question.standing.current.body
  const compared = await clonesKnown(deps, positions)
  const parts = frozen.parts.map((part) => ({ ...part, units: parseRanges(part.units) }))
  const { participant, lodged } = question.standing
  const past = {
    relations: await listRelations(deps.pool, participant, lodged.position),
    prices: new Map<string, Promise<number[]>>(),
  }
  const capacities = await listCapacities(deps.pool, question.customs)
  const read = await sideBySide(content.items, async (item) => {
    const views = await viewsOf(deps, question, parts, item.number)
    const first = item === content.items[0]
    const copiesKnown = views.every(({ log }) => compared.has(log))
    const led = await goodsFacts(deps, question, { item, first, views, frozen, copiesKnown, capacities })
    return { views, line: { number: item.number, item: await lineFacts(deps, question, item, views, past), led } }
  })
  const decl = await declarationFacts(
    deps,
    question,
    read.flatMap(({ views }) => views),
  )
  return { decl, lines: read.map(({ line }) => line) }
}

/** Some lines at once, in their order: each asks some ten questions, and a declaration may have hundreds of lines. */
async function sideBySide<From, To>(list: readonly From[], work: (from: From) => Promise<To>): Promise<To[]> {
  const done: To[] = []
  for (let from = 0; from < list.length; from += linesAtOnce) {
    done.push(...(await Promise.all(list.slice(from, from + linesAtOnce).map(work))))
  }
  return done
}

const linesAtOnce = 4

async function viewsOf(
  deps: FactDeps,
  { positions, at }: FactQuestion,
  parts: readonly Part[],
  item: number,
): Promise<goods.GoodsView[]> {
  const own = parts.filter((part) => part.item === item)
  const views: goods.GoodsView[] = []
  for (const name of new Set(own.map(({ log }) => log))) {
    const no = await deps.logNo(name)
    const asOf = { log: no, before: positions[name] ?? 0, at }
    views.push(
      await goods.viewGoods(
        deps,
        { name, no },
        own.filter(({ log }) => log === name),
        asOf,
      ),
    )
  }
  return views
}

type Line = {
  item: Item
  first: boolean
  views: readonly goods.GoodsView[]
  frozen: StoredGoods
  copiesKnown: boolean
  capacities: readonly KnownCapacity[]
}

async function goodsFacts(deps: FactDeps, question: FactQuestion, line: Line): Promise<Record<string, FactValue>> {
  const { item, first, views, frozen } = line
  const sheet = new FactSheet<LedFact>()
  const bad = frozen.bad.filter((code) => (code.item ?? (first ? item.number : -1)) === item.number)
  const units = views.reduce(
    (sum, { standings, uncommissioned }) =>
      sum + standings.reduce((n, { group }) => n + group.count, 0) + uncommissioned,
    0,
  )
  const show = async ({ ids, positions }: goods.Counted) => ({
    codes: await linksOf(deps, ids),
    entries: views
      .flatMap(({ log, standings }) => (standings.length === 0 ? [] : positions.map((position) => ({ log, position }))))
      .slice(0, 10),
  })
  const count = async (name: LedFact, counted: goods.Counted) => sheet.set(name, counted.count, await show(counted))
  sheet.set('units', units)
  const badCodes = (why: string) => bad.filter((code) => code.why === why).map(({ code }) => code)
  sheet.set('unknownCodes', badCodes('unknown').length, { codes: badCodes('unknown').slice(0, 10) })
  sheet.set('forgedCodes', badCodes('forged').length, { codes: badCodes('forged').slice(0, 10) })
  if (units === 0) return sheet.facts
  sheet.set('containers', frozen.containers)
  sheet.set('products', [...new Set(views.flatMap(({ parts }) => parts.map(({ gtin }) => gtin)))].sort())
  await count('uncommissioned', await goods.countUncommissioned(deps, views))
  for (const state of ['sold', 'exported', 'destroyed', 'withdrawn', 'stolen'] as const) {
    await count(
      state,
      goods.countWhere(views, ({ now }) => now.state === state),
    )
  }
  await count('recalled', goods.countRecalled(views))
  await count('expired', goods.countExpired(views))
  await count('held', goods.countWhere(views, goods.isHeld))
  await cloneFacts(sheet, line, count)
  await originFacts(sheet, line, question, show)
  await headingFacts(sheet, line, show)
  await quantityFacts(deps, sheet, line, units)
  custodyFacts(sheet, views)
  massFacts(sheet, item, views)
  productionFacts(sheet, line)
  await shipmentFacts(deps, sheet, views, question)
  await partyLists(deps, sheet, views)
  return sheet.facts
}

async function linksOf({ resolver }: FactDeps, ids: readonly bigint[]): Promise<string[]> {
  return (await resolver.describe(ids)).flatMap((name) => (name ? [digitalLink(name)] : []))
}

type Sheet = FactSheet<LedFact>
/** A few codes and entries of what was counted. */
type Show = (counted: goods.Counted) => Promise<{ codes: string[]; entries: Entry[] }>
type Count = (name: LedFact, counted: goods.Counted) => Promise<void>

async function cloneFacts(sheet: Sheet, { views, copiesKnown }: Line, count: Count): Promise<void> {
  const ends = views.map(({ doubleEnds }) => doubleEnds)
  await count('doubleTerminal', {
    count: ends.reduce((sum, { objects }) => sum + objects, 0),
    ids: ends.flatMap(({ examples }) => examples),
    positions: ends.flatMap(({ positions }) => positions),
  })
  sheet.set(
    'doubleTerminalIndependent',
    ends.some(({ participants }) => participants > 1),
  )
  if (!copiesKnown) {
    for (const name of ['travelUnits', 'custodianUnits', 'brokenSeals'] as const)
      sheet.unknown(name, 'not compared yet')
    return
  }
  const travel = goods.countSuspected(views, ['impossible_travel'], 'impossible_travel')
  await count('travelUnits', travel)
  sheet.set('travelIndependent', travel.serious)
  const custody = goods.countSuspected(views, ['two_custodians'], 'two_custodians')
  await count('custodianUnits', custody)
  sheet.set('custodianIndependent', custody.serious)
  const seals = goods.countSuspected(views, ['sealed_elsewhere'], 'sealed_elsewhere')
  const packed = goods.countSuspected(views, [], 'packed_elsewhere')
  await count('brokenSeals', { ...seals, count: seals.count + packed.count, ids: [...seals.ids, ...packed.ids] })
  sheet.set('sealIndependent', seals.serious || (seals.count > 0 && packed.count > 0))
}

const isCertificate = (type: string): boolean => /origin/i.test(type)

async function originFacts(
  sheet: Sheet,
  { item, views }: Line,
  { standing, at }: FactQuestion,
  show: Show,
): Promise<void> {
  const certificates = documentsOf(standing.current.body.content).flatMap((paper) =>
    isCertificate(paper.type) && paper.country !== undefined && !isExpired(paper, at) ? [paper.country] : [],
  )
  const [certified] = certificates
  const found = goods.origins(views)
  const [main] = found
  if (certified !== undefined) {
    sheet.set('origin', certificates.includes(item.originCountry) ? item.originCountry : certified)
    sheet.set('originBasis', 'certificate')
    sheet.set(
      'otherOriginUnits',
      certificates.includes(item.originCountry) ? 0 : found.reduce((sum, { counted }) => sum + counted.count, 0),
    )
  } else if (main) {
    const others = found.filter(({ origin }) => origin !== item.originCountry)
    const [worst] = others
    const from = await show(worst?.counted ?? main.counted)
    sheet.set('origin', (worst ?? main).origin, from)
    sheet.set('originBasis', (worst ?? main).basis)
    sheet.set(
      'otherOriginUnits',
      others.reduce((sum, { counted }) => sum + counted.count, 0),
      from,
    )
  }
  sheet.set('markedIn', [...new Set(views.flatMap(({ country }) => [...country.values()]))].sort())
}

async function headingFacts(sheet: Sheet, { item, views }: Line, show: Show): Promise<void> {
  const products = views.flatMap((view) => view.products)
  const [worst] = [...products].sort((a, b) => samePrefix(a.hsCode, item.hsCode) - samePrefix(b.hsCode, item.hsCode))
  if (!worst) return
  const units = views.flatMap(({ standings }) => standings.filter(({ gtin }) => gtin === worst.gtin))
  const from = await show({
    count: 0,
    ids: units.flatMap(({ group }) => group.examples).slice(0, 3),
    positions: units.map(({ group }) => group.born).slice(0, 3),
  })
  sheet.set('productHs', worst.hsCode, from)
  sheet.set('hsSame', samePrefix(worst.hsCode, item.hsCode), from)
}

async function quantityFacts(
  deps: FactDeps,
  sheet: Sheet,
  { item, views, frozen }: Line,
  units: number,
): Promise<void> {
  const declared = declaredPieces(item, views) ?? mixedPieces(item, views)
  if (!declared) {
    const why = 'the customs unit does not tell how many pieces'
    for (const name of ['piecesOver', 'piecesShort', 'breakage'] as const) sheet.unknown(name, why)
    return
  }
  const differences = [new Big(units).minus(declared.round(0, Big.roundHalfUp)).toNumber()]
  const claim = quantityClaim(item, views)
  const beside = claim && new Big(units).minus(claim.pieces)
  if (claim && beside?.abs().gt(claim.within)) differences.push(beside.round(0, Big.roundHalfUp).toNumber())
  const [over, short] = [Math.max(0, ...differences), Math.max(0, ...differences.map((each) => -each))]
  if (frozen.emptyCases > 0) {
    // More than declared stays more, whatever else is in them.
    const why = 'a case is declared in which nothing is recorded'
    if (over > 0) sheet.set('piecesOver', over)
    else sheet.unknown('piecesOver', why)
    for (const name of ['piecesShort', 'breakage'] as const) sheet.unknown(name, why)
    return
  }
  sheet.set('piecesOver', over)
  sheet.set('piecesShort', short)
  if (short === 0) return sheet.set('breakage', 0)
  let broken = 0
  const entries: Entry[] = []
  for (const view of views) {
    const parents = [...new Set(view.standings.flatMap(({ group }) => group.step.parent ?? []))]
    const around = await findContainerSteps(deps.pool, view.asOf.log, parents, view.asOf.before)
    const found = await store.findBreakage(deps.pool, [...around.keys()], view.asOf, stateNo('destroyed'))
    broken += found.count
    entries.push(...found.positions.map((position) => ({ log: view.log, position })))
  }
  sheet.set('breakage', broken, { entries })
}

function custodyFacts(sheet: Sheet, views: readonly goods.GoodsView[]): void {
  const entries = (read: (view: goods.GoodsView) => readonly number[]): { entries: Entry[] } => ({
    entries: views.flatMap((view) => read(view).map((position) => ({ log: view.log, position }))).slice(0, 10),
  })
  const lives = views.map((view) => view.lives)
  sheet.set(
    'gapHours',
    Math.max(...lives.map(({ gapHours }) => gapHours)),
    entries((view) => view.lives.gapEntries),
  )
  sheet.set('coverage', Math.min(...lives.map(({ coverage }) => coverage)))
  sheet.set(
    'gapIndependent',
    lives.some(({ gapIndependent }) => gapIndependent),
  )
  sheet.set(
    'clockFaults',
    lives.reduce((sum, { clockFaults }) => sum + clockFaults, 0),
    entries((view) => view.lives.clockEntries),
  )
  sheet.set(
    'clockIndependent',
    lives.some(({ clockIndependent }) => clockIndependent),
  )
  const underWay = goods.countWhere(views, ({ now }) => now.underWay)
  sheet.set('underWay', underWay.count)
  const shares = views.map(({ usedShare }) => usedShare)
  const [share] = shares
  if (shares.length === 1 && share !== undefined) sheet.set('usedShare', rounded(share, 4))
}

/** How long the oldest shipment among them waits for its receipt, and how much of the time that is usual on its way. */
async function shipmentFacts(deps: FactDeps, sheet: Sheet, views: readonly goods.GoodsView[], { at }: FactQuestion) {
  const worst = { hours: 0, ratio: 0, basis: 'deadline' }
  const oldest: Entry[] = []
  const usual = new Map<string, Promise<number | undefined>>()
  for (const { log, standings, asOf } of views) {
    const open = new Map(
      standings
        .filter(({ now }) => now.underWay)
        .map(({ now }) => [(now.containers.at(-1) ?? now.own).position, now] as const),
    )
    for (const entry of await findEntries(deps.pool, asOf.log, [...open.keys()])) {
      const age = (at.getTime() - entry.recordTime.getTime()) / 3_600_000
      if (age > worst.hours) oldest.unshift({ log, position: entry.position })
      worst.hours = Math.max(worst.hours, age)
      const { sender = null, addressee = null } = open.get(entry.position) ?? {}
      const key = `${asOf.log} ${sender} ${addressee}`
      const asked =
        usual.get(key) ??
        (sender === null || addressee === null
          ? Promise.resolve(undefined)
          : usualHours(deps, { ...asOf, sender, addressee }))
      usual.set(key, asked)
      const hours = await asked
      const ratio = age / (hours ?? deps.limits.transitDeadlineHours)
      if (ratio > worst.ratio) Object.assign(worst, { ratio, basis: hours === undefined ? 'deadline' : 'history' })
    }
  }
  sheet.set('shipmentAgeHours', rounded(worst.hours, 3), { entries: oldest.slice(0, 3) })
  sheet.set('shipmentAgeRatio', rounded(worst.ratio, 4), { entries: oldest.slice(0, 3) })
  sheet.set('shipmentBasis', worst.basis)
}

/** What was made within an hour, and how much that is of what the maker can make. */
function productionFacts(sheet: Sheet, { views, capacities }: Line): void {
  const { made, backdatedHours } = production(views)
  const [log = ''] = views.map((view) => view.log)
  const entriesOf = ({ positions }: Made): { entries: Entry[] } => ({
    entries: positions.slice(0, 10).map((position) => ({ log, position })),
  })
  const [most] = made
  sheet.set('commissionPeakPerHour', most?.count ?? 0, most && entriesOf(most))
  sheet.set('backdatedHours', rounded(backdatedHours, 3))
  const worst = worstHour(made, capacities)
  if (worst) sheet.set('capacityRatio', rounded(worst.ratio, 4), entriesOf(worst.made))
  else sheet.unknown('capacityRatio', 'no capacity is registered for the maker of that time')
}

async function partyLists({ directory }: FactDeps, sheet: Sheet, views: readonly goods.GoodsView[]): Promise<void> {
  const makers = new Set(views.flatMap(({ maker }) => [...maker.values()].map(({ id }) => id)))
  sheet.set('makers', [...makers].sort())
  const holders = new Set(views.flatMap(({ standings }) => standings.flatMap(({ now }) => now.holder ?? [])))
  const refs = await Promise.all([...holders].map((no) => directory.byNo(no)))
  sheet.set('holders', refs.flatMap((ref) => ref?.id ?? []).sort())
}
