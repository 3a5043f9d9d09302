// Clean traffic as it really comes: 2 % of reads are missed, clocks are up to 10 minutes wrong, uploads come up to a day late, and now and
// then in the wrong order.
import type { Caller, TestApp } from '../../test/support/app.ts'
import * as given from '../../test/support/given.ts'
import { sscc } from '../../test/support/story.ts'
import { declaration, type Post } from '../../test/border/load.ts'

export type World = {
  app: TestApp
  border: Post
  maker: given.GivenParticipant
  exporter: given.GivenParticipant
  /** An importer of whose loads ten in a row were found to differ. */
  cheat: given.GivenParticipant
  shops: readonly given.GivenParticipant[]
  /** Keys of single devices of the exporter: what two of them say is said twice. */
  devices: readonly Caller[]
  /** A product whose group only observes, so that claims of strangers are recorded. */
  observed: given.GivenProduct
  places: { factory: string; warehouse: string; far: string }
  units: number
  random: () => number
}

export const hour = 3_600_000

export async function world(app: TestApp, border: Post, units: number, random: () => number): Promise<World> {
  const { maker } = border
  const exporter = await given.participant(app, { roles: ['importer', 'distributor'], name: 'Exporter' })
  const shops = [
    await given.participant(app, { roles: ['retailer'] }),
    await given.participant(app, { roles: ['retailer'] }),
  ]
  const group = await app.operator.expect<{ id: string }>(201, 'POST', '/product-groups', {
    id: 'watched',
    name: 'Watched',
    enforcement: 'observe',
  })
  const observed = await given.product(maker, { group: group.id, hsCode: '2208601100' })
  const devices: Caller[] = []
  for (let i = 0; i < 3; i++) {
    const { key } = await given.issued(app.operator, exporter.id, { kind: 'device', label: `handheld ${i}` })
    devices.push(app.as(key))
  }
  const places = {
    factory: (await given.place(maker)).id,
    warehouse: (await given.place(exporter, { name: 'Warehouse', lat: 42.9, lon: 74.7 })).id,
    far: (await given.place(exporter, { name: 'Depot', country: 'RU', lat: 55.75, lon: 37.62 })).id,
  }
  const cheat = await given.participant(app, { roles: ['importer'], name: 'Cheat' })
  await catchOften(border, cheat, 10)
  return { app, border, maker, exporter, cheat, shops, devices, observed, places, units, random }
}

export type Consignment = { codes: string[]; sscc: string; startMs: number }

/** A time as a device says it. */
export const told = ({ random }: World, trueMs: number): string =>
  new Date(Math.min(Date.now(), trueMs + (random() - 0.5) * 20 * 60_000)).toISOString()

export async function order({ maker }: World, gtin: string, quantity: number): Promise<string[]> {
  const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
  const answer = await maker.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
  return answer.body.trim().split('\n')
}

export type MakeOptions = {
  gtin?: string
  units?: number
  hoursAgo?: number
  extra?: Record<string, unknown>
  toEnd?: boolean
}

/** Codes that one event may name, with room. */
const perEvent = 20_000

/** From the line to the exporter's warehouse. */
export async function consignment(world: World, options: MakeOptions = {}): Promise<Consignment> {
  const { maker, exporter, places, random, border } = world
  const codes = await order(world, options.gtin ?? border.product.gtin, options.units ?? world.units)
  const startMs = Date.now() - (options.hoursAgo ?? 4 + random() * 20) * hour
  const at = (n: number) => told(world, startMs + n * 45 * 60_000)
  const pallet = `(00)${sscc()}`
  for (let from = 0; from < codes.length; from += perEvent) {
    const part = codes.slice(from, from + perEvent)
    const made = { step: 'commissioning', time: at(0), place: places.factory, ...options.extra }
    await maker.expect(201, 'POST', '/scans', { codes: part, ...made })
    await maker.expect(201, 'POST', '/scans', {
      codes: part,
      step: 'packing',
      parent: pallet,
      time: at(1),
      place: places.factory,
    })
  }
  const ship = () =>
    maker.expect(201, 'POST', '/scans', {
      codes: [pallet],
      step: 'shipping',
      to: exporter.id,
      time: at(2),
      place: places.factory,
    })
  const read = (body: Record<string, unknown>) =>
    random() < 0.02
      ? Promise.resolve(undefined)
      : exporter.call('POST', '/scans', { ...body, offline: true, place: places.warehouse })
  const receive = () => read({ codes: [pallet], step: 'receiving', time: at(4) })
  // One upload in ten overtakes the one before it.
  if (random() < 0.1) {
    await receive()
    await ship()
  } else {
    await ship()
    await receive()
  }
  await read({ codes: [pallet], step: 'storing', time: at(5) })
  return { codes, sscc: pallet, startMs }
}

/** Loads without marks that an officer stops and finds to differ. */
async function catchOften({ officers }: Post, cheat: given.GivenParticipant, times: number): Promise<void> {
  const [officer] = officers
  const until = new Date(Date.now() + 24 * hour).toISOString()
  for (let i = 0; i < times; i++) {
    const body = declaration([], 10, {}, { hsCode: '9403609000' })
    const { id } = await cheat.expect<{ id: string }>(201, 'POST', '/declarations', body)
    await officer.expect(201, 'POST', `/declarations/${id}/raises`, { lane: 'red', reason: 'information', until })
    const found = { result: 'differs', scanned: [], notes: 'other goods' }
    await officer.expect(201, 'POST', `/declarations/${id}/inspections`, found)
    await officer.expect(201, 'POST', `/declarations/${id}/outcomes`, { outcome: 'seized' })
  }
}
