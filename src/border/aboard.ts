import * as aboard from '../declarations/aboard-store.ts'
import { listActsOf } from '../declarations/act-store.ts'
import { type Goods, readGoods, unitsOf } from '../declarations/goods.ts'
import { difference, parseRanges, type Ranges, sizeOf, union } from '../declarations/ranges.ts'
import { type Standing, standingOf } from '../declarations/standing.ts'
import type { DeclarationRow } from '../declarations/store.ts'
import { type Reading, readCode } from '../gs1/read.ts'
import { digitalLink } from '../gs1/write.ts'
import { type BorderDeps, plateOf } from './lodge.ts'
import type { SymbolKeys, SymbolReading } from './symbol.ts'

export type AboardDeps = BorderDeps & { symbols: SymbolKeys }

export type Aboard = {
  /** What the code is taken for. */
  kind: 'symbol' | 'declaration' | 'vehicle' | 'goods' | 'unknown'
  symbol: SymbolReading | undefined
  goods: Goods | undefined
  /** Of what was scanned: units that no open declaration names. */
  undeclared: number
  standings: Standing[]
  /** Why a code says nothing, for people. */
  fault: string | undefined
}

/** A lorry is known for so long by what it brought: older declarations without an outcome are not aboard any more. */
const aboardDays = 60
/** A lorry with more declarations than this is a ship. */
const aboardMax = 50

/** Everything that one scan may be about, with all declarations of the same vehicle. */
export async function findAboard(deps: AboardDeps, code: string): Promise<Aboard> {
  const since = new Date(deps.now().getTime() - aboardDays * 86_400_000)
  const symbol = deps.symbols.read(code)
  const name = symbol ? symbol.facts.declaration : code.trim()
  let kind: Aboard['kind'] = symbol ? 'symbol' : 'declaration'
  let rows = name === '' ? [] : await aboard.findNamed(deps.pool, name, aboardMax)
  let goods: Goods | undefined
  let fault: string | undefined
  if (rows.length === 0 && !symbol) {
    kind = 'vehicle'
    rows = await aboard.findCarried(deps.pool, [plateOf(name)], since, aboardMax)
  }
  if (rows.length === 0 && !symbol) {
    const read = readCode(code)
    fault = read.fault?.detail
    kind = read.reading ? 'goods' : 'unknown'
    if (read.reading) ({ goods, rows } = await declaringGoods(deps, code, read.reading, since))
  }
  const plates = await aboard.findPlates(
    deps.pool,
    rows.map(({ no }) => no),
  )
  const others = await aboard.findCarried(deps.pool, plates, since, aboardMax)
  const known = new Set(rows.map(({ no }) => no))
  const standings = await standingsOf(deps, [...rows, ...others.filter(({ no }) => !known.has(no))])
  const undeclared = goods ? sizeOf(difference(union(unitsOf(goods.parts)), declaredUnits(standings))) : 0
  return { kind, symbol, goods, undeclared, standings, fault }
}

async function declaringGoods(deps: AboardDeps, code: string, reading: Reading, since: Date) {
  const goods = await readGoods(deps.goodsDeps, [{ path: '/code', codes: [code] }], [])
  const found = new Map<number, DeclarationRow>()
  if (reading.kind === 'logistic') {
    const named = await aboard.findCarried(deps.pool, [digitalLink(reading)], since, aboardMax)
    for (const row of named) found.set(row.no, row)
  }
  for (const log of new Set(goods.parts.map((part) => part.log))) {
    const no = await deps.ledgerNo(log)
    const naming = await aboard.findDeclaring(deps.pool, no, unitsOf(goods.parts, log), since, aboardMax)
    for (const row of naming) found.set(row.no, row)
  }
  return { goods, rows: [...found.values()].sort((a, b) => b.no - a.no).slice(0, aboardMax) }
}

async function standingsOf({ pool }: AboardDeps, rows: readonly DeclarationRow[]): Promise<Standing[]> {
  if (rows.length === 0) return []
  const acts = await listActsOf(
    pool,
    rows.map(({ id }) => id),
  )
  return rows.map(({ id, participant }) => standingOf(participant, acts.get(id) ?? []))
}

export const frozenUnits = ({ current }: Standing): Ranges =>
  union(current.body.goods.parts.flatMap((part) => parseRanges(part.units)))

const declaredUnits = (standings: readonly Standing[]): Ranges =>
  union(standings.filter(({ outcome }) => !outcome).flatMap(frozenUnits))
