// The chance of goods in the draw: whoever lodges the same goods again has that of the first time, and other goods have another.
import type { ClientBase } from 'pg'
import { canonicalJson, sha256Hex } from '../declarations/act.ts'
import { listActs, lockEach } from '../declarations/act-store.ts'
import type { LodgedBody } from '../declarations/bodies.ts'
import { type Goods, type Part, unitsOf } from '../declarations/goods.ts'
import { byOrder, intersection, parseRanges, type Ranges, sizeOf } from '../declarations/ranges.ts'
import type { NewDeclaration } from '../declarations/schema.ts'
import type { Standing } from '../declarations/standing.ts'
import * as store from '../declarations/store.ts'
import type { BorderDeps } from './lodge.ts'

type Chance = LodgedBody['chance']
type ChanceDeps = Pick<BorderDeps, 'pool' | 'ledgerNo'>
export type Fresh = { id: string; digest: string; content: NewDeclaration; goods: Goods }

/** Enough that declarations seldom wait for each other. */
const buckets = 64

/**
 * Until the end of the transaction nobody else lodges goods of the same code orders, or goods without codes: two that come at the
 * same moment would each be the first.
 */
export const lockGoods = (client: ClientBase, { parts }: Goods): Promise<unknown> =>
  lockEach(
    client,
    parts.length === 0
      ? [-1]
      : parts.flatMap(({ units }) => [...byOrder(units).keys()].map((order) => order % buckets)),
  )

/** A lane is not drawn until it pleases: neither by lodging again nor by little changes. */
export async function chanceOf(deps: ChanceDeps, { id, digest, content, goods }: Fresh): Promise<Chance> {
  const own = { declaration: id, digest }
  if (goods.parts.length > 0) return (await ofSameUnits(deps, content, goods.parts, id)) ?? own
  const [same] = await store.findByName(deps.pool, [linesName(content)], 1)
  return same && same.id !== id ? lodgedChance(deps, same.id) : own
}

/**
 * Of another version: what it had, as long as at least half of its goods are those that it was drawn for. A lucky draw for a box is
 * none for a lorry.
 */
export async function chanceOfVersion(deps: ChanceDeps, standing: Standing, fresh: Fresh): Promise<Chance> {
  const { lodged, current } = standing
  const first = lodged.body
  const isOwn = first.chance.declaration === standing.id
  const before = first.goods.parts.map((part) => ({ ...part, units: parseRanges(part.units) }))
  const same =
    fresh.goods.parts.length === 0
      ? before.length === 0 && linesName(first.content) === linesName(fresh.content)
      : isOwn &&
        [...new Set(fresh.goods.parts.map(({ log }) => log))].some((log) =>
          isHalf(unitsOf(before, log), unitsOf(fresh.goods.parts, log)),
        )
  if (same) return first.chance
  return current.body.digest === fresh.digest ? current.body.chance : chanceOf(deps, fresh)
}

const lodgedChance = async ({ pool }: ChanceDeps, id: string): Promise<Chance> => {
  const [first] = await listActs(pool, id)
  if (!first) throw new Error(`the declaration ${id} has no acts`)
  return (JSON.parse(first.body) as LodgedBody).chance
}

/** Goods without codes are the same where everything but the reference is. */
export const linesName = ({ flow, consignor, consignee, items }: NewDeclaration): string =>
  sha256Hex(canonicalJson({ flow, consignor, consignee, items }))

/** Leaving out a unit must not be a new chance, and a bottle of another load not an old one. */
const isHalf = (drawnFor: Ranges, units: Ranges): boolean => 2 * sizeOf(intersection(drawnFor, units)) >= sizeOf(units)

async function ofSameUnits(
  deps: ChanceDeps,
  { flow }: NewDeclaration,
  parts: readonly Part[],
  except: string,
): Promise<Chance | undefined> {
  for (const log of new Set(parts.map((part) => part.log))) {
    const units = unitsOf(parts, log)
    const sharing = await store.findSharing(deps.pool, await deps.ledgerNo(log), units, Number.MAX_SAFE_INTEGER, except)
    for (const other of sharing) {
      if (other.flow !== flow || 2 * sizeOf(other.shared) < sizeOf(units)) continue
      const [first] = await listActs(deps.pool, other.id)
      const { chance, goods } = JSON.parse(first?.body ?? '{}') as LodgedBody
      // What has its chance from elsewhere passes it on to nobody: each time half of the goods could be others.
      if (chance.declaration !== other.id) continue
      const drawnFor = goods.parts.filter((part) => part.log === log).flatMap((part) => parseRanges(part.units))
      if (isHalf(drawnFor, units)) return chance
    }
  }
  return undefined
}
