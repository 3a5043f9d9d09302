// What became of a participant's own codes: marked, packed, shipped, returned, and where the rest stands. Counting an order of a
// million takes seconds, so it runs beside the requests, one order after the other, and whoever asks is told what was counted last.
import type { Pool } from 'pg'
import { createLru } from '../codes/lru.ts'
import { stateOf } from '../custody/object.ts'
import { actingFor, type Actor } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type { Catalogue } from '../products/catalogue.ts'
import * as store from './stock-store.ts'

export type StockDeps = { pool: Pool; directory: Directory; catalogue: Catalogue; now: () => Date; log: StockLog }
type StockLog = { error(about: { err: unknown }, text: string): void }

/** How the units of one product stand. Every marked unit is in exactly one of stock, underWay, elsewhere and the ends. */
export type ProductStock = {
  gtin: string
  marked: number
  packed: number
  shipped: number
  /** In stock again after it had left. */
  returned: number
  stock: number
  underWay: number
  elsewhere: number
  sold: number
  exported: number
  destroyed: number
  withdrawn: number
  stolen: number
}
export type PlaceStock = { gtin: string; place: number | null; units: number }
type Counted = { at: Date; tookMs: number; products: ProductStock[]; places: PlaceStock[] }

export type StockCounter = {
  /** What was counted last, after at most `patienceMs`; undefined: the first count is not done. A new one begins where it is due. */
  ask(participant: number): Promise<Counted | undefined>
}

const patienceMs = 100
/** Counting takes at most one part in so many of the time. */
const rest = 20
const participantsMax = 2000

export function createStockCounter({ pool, now, log }: Pick<StockDeps, 'pool' | 'now' | 'log'>): StockCounter {
  type State = { counted?: Counted; running?: Promise<void>; endedAt: number }
  const states = createLru<number, State>(participantsMax)
  /** One count at a time in a process, whoever asked: it must not take connections from the requests. */
  let queue = Promise.resolve()
  const begin = (participant: number, state: State): Promise<void> => {
    const count = async (): Promise<void> => {
      const from = performance.now()
      const { products, places } = await countAll(pool, participant)
      state.counted = { at: now(), tookMs: performance.now() - from, products, places }
    }
    const running = (queue = queue.then(count).catch((error: unknown) => {
      log.error({ err: error }, 'stock could not be counted; the next one who asks begins again')
    })).finally(() => {
      state.endedAt = performance.now()
      delete state.running
    })
    return (state.running = running)
  }
  return {
    ask: async (participant) => {
      let state = states.get(participant)
      if (!state) states.set(participant, (state = { endedAt: -Infinity }))
      const due = performance.now() - state.endedAt >= (state.counted?.tookMs ?? 0) * rest
      const running = state.running ?? (due ? begin(participant, state) : undefined)
      if (running) await within(running, patienceMs)
      return state.counted
    },
  }
}

async function within(done: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => void (timer = setTimeout(resolve, ms)))
  await Promise.race([done, enough]).finally(() => clearTimeout(timer))
}

async function countAll(pool: Pool, participant: number): Promise<Pick<Counted, 'products' | 'places'>> {
  const products = new Map<string, ProductStock>()
  const places = new Map<string, PlaceStock>()
  for (const order of await store.listStockOrders(pool, participant)) {
    const { gtin } = order
    const product = products.get(gtin) ?? noStock(gtin)
    products.set(gtin, product)
    for (const row of await store.countStock(pool, order, participant)) {
      const where = addRow(product, row)
      if (where !== 'stock') continue
      const key = `${gtin} ${row.place}`
      const known = places.get(key)
      places.set(key, { gtin, place: row.place, units: (known?.units ?? 0) + row.units })
    }
  }
  return { products: [...products.values()], places: [...places.values()] }
}

const noStock = (gtin: string): ProductStock => ({
  gtin,
  marked: 0,
  packed: 0,
  shipped: 0,
  returned: 0,
  stock: 0,
  underWay: 0,
  elsewhere: 0,
  sold: 0,
  exported: 0,
  destroyed: 0,
  withdrawn: 0,
  stolen: 0,
})

type Where = 'stock' | 'underWay' | 'elsewhere' | 'sold' | 'exported' | 'destroyed' | 'withdrawn' | 'stolen'

function addRow(product: ProductStock, row: store.StockRow): Where {
  const state = stateOf(row.state)
  const ended =
    state === 'sold' || state === 'exported' || state === 'destroyed' || state === 'withdrawn' || state === 'stolen'
  const where: Where = ended ? state : row.under_way ? 'underWay' : row.mine ? 'stock' : 'elsewhere'
  const away = row.was_away || where === 'underWay' || where === 'elsewhere'
  product[where] += row.units
  product.marked += row.units
  if (row.was_packed) product.packed += row.units
  if (away) product.shipped += row.units
  if (away && where === 'stock') product.returned += row.units
  return where
}

/** GET /stock: of one's own codes, or the principal's. */
export async function tellStock(deps: StockDeps & { counter: StockCounter }, actor: Actor) {
  const counted = await deps.counter.ask(actingFor(actor).no)
  if (!counted) return { countedAt: null, products: [], places: [] }
  const name = async (gtin: string) => (await deps.catalogue.byGtin(gtin))?.name ?? null
  return {
    countedAt: counted.at.toISOString(),
    products: await Promise.all(counted.products.map(async (row) => ({ name: await name(row.gtin), ...row }))),
    places: await Promise.all(
      counted.places.map(async ({ gtin, place, units }) => {
        const found = place === null ? undefined : await deps.directory.placeByNo(place)
        return {
          place: found ? { id: found.id, name: found.name, lat: found.lat, lon: found.lon } : null,
          gtin,
          name: await name(gtin),
          units,
        }
      }),
    ),
  }
}
