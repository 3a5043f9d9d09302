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
  const { pool, now } = deps
  const common = { since: new Date(now().getTime() - aboardDays * 86_400_000), max: aboardMax }
  const symbol = deps.symbols.read(code)
  const name = symbol ? symbol.facts.declaration : code.trim()
  const { reading, fault } = symbol ? {} : readCode(code)
  // Side by side: what is no name is goods, and every round trip is waited for.
  const [named, goods] = await Promise.all([
    aboard.findAboardRows(pool, { ...common, name, carried: symbol ? [] : [plateOf(name)] }),
    reading && readGoods(deps.goodsDeps, [{ path: '/code', codes: [code] }], []),
  ])
  const byName = named.length > 0 || !reading || !goods
  const rows = byName ? named : await rowsOfGoods(deps, goods, reading, common)
  const standings = await standingsOf(deps, rows)
  const shown = byName ? undefined : goods
  const kind = symbol ? 'symbol' : shown ? 'goods' : rows.some(({ direct }) => direct) ? kindOf(rows, name) : 'unknown'
  const undeclared = shown ? sizeOf(difference(union(unitsOf(shown.parts)), declaredUnits(standings))) : 0
  return { kind, symbol, goods: shown, undeclared, standings, fault: looksLikeCode(name) ? fault?.detail : undefined }
}

/** A plate is no code with a mistake in it. */
const looksLikeCode = (text: string): boolean => /^(\(|\]|https?:|urn:)|^\d{14}/.test(text)

const kindOf = (rows: readonly aboard.AboardRow[], name: string): Aboard['kind'] =>
  rows.some(({ id, reference }) => id === name || reference === name) ? 'declaration' : 'vehicle'

async function rowsOfGoods(
  deps: AboardDeps,
  { parts }: Goods,
  reading: Reading,
  common: Pick<aboard.AboardQuestion, 'since' | 'max'>,
): Promise<aboard.AboardRow[]> {
  const carried = reading.kind === 'logistic' ? [digitalLink(reading)] : []
  const logs = [...new Set(parts.map((part) => part.log))]
  const asked = await Promise.all(
    (logs.length === 0 ? [undefined] : logs).map(async (name) =>
      aboard.findAboardRows(deps.pool, {
        ...common,
        carried,
        ...(name === undefined ? {} : { log: await deps.ledgerNo(name), units: unitsOf(parts, name) }),
      }),
    ),
  )
  const found = new Map(asked.flat().map((row) => [row.no, row]))
  return [...found.values()]
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
