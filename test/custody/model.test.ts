// Two judges, one law: what a much simpler one expects of every random order, the service answers.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { type OpenedCapture, openCapture } from '../../src/capture/open.ts'
import { eventOfScan } from '../../src/capture/scan.ts'
import { openTailKeys } from '../../src/codes/keys.ts'
import { createResolver, type Resolver } from '../../src/codes/resolve.ts'
import { limits } from '../../src/config/limits.ts'
import { appRole, kyselyOn } from '../../src/db/connect.ts'
import { newId } from '../../src/db/id.ts'
import { createVault } from '../../src/db/secret.ts'
import type { EpcisEvent } from '../../src/epcis/event.ts'
import { createThrottle } from '../../src/findings/throttle.ts'
import { readCode } from '../../src/gs1/read.ts'
import { Problem } from '../../src/http/problem.ts'
import type { Actor } from '../../src/participants/actor.ts'
import { createDirectory, type Directory } from '../../src/participants/directory.ts'
import { createCatalogue } from '../../src/products/catalogue.ts'
import { masterKey, testApp, type TestApp } from '../support/app.ts'
import { pool as poolOf } from '../support/connect.ts'
import { type Model, type Order, type Refusals, whats } from '../support/model.ts'
import {
  cast,
  freshModel,
  inEntryOrder,
  isBottle,
  names,
  refusalsOf,
  sayRefusals,
  scanOf,
  stock,
  story,
} from '../support/model-scene.ts'
import { anyOrder, random } from '../support/orders.ts'
import { checkReplay, placeOf, type StandingRow, standings } from '../support/replay.ts'
import { link, sscc, stage } from '../support/story.ts'
import * as given from '../support/given.ts'

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const total = Number(process.env['ORDERS'] ?? 20_000)
/** Goods end; after this many orders others are taken. */
const ordersEach = 400
const lives = Math.ceil(total / ordersEach)

/** Few enough that it is often reached. */
const nestingMax = 3

type Scene = {
  capture: OpenedCapture['capture']
  directory: Directory
  resolver: Resolver
  actors: ReadonlyMap<string, Actor>
  /** Codes by name, `U17` being the seventeenth of the maker's bottles. */
  codes: ReadonlyMap<string, string>
}

t.setTimeout(300_000)

t.test(`${lives * ordersEach} random orders (SEED=${seed})`, { timeout: 300_000 }, async (t) => {
  const app = await testApp(t)
  const scene = await openScene(t, app)
  const { of, chance, below } = random(seed)
  const models: { model: Model; real: (name: string) => string }[] = []
  const tally = new Map<string, number>()
  const count = (key: string) => tally.set(key, (tally.get(key) ?? 0) + 1)
  const startedMs = performance.now()
  for (let life = 0; life < lives; life++) {
    const { model, real } = fresh(life)
    models.push({ model, real })
    const orders: Order[] = []
    const wanted: Refusals[] = []
    for (let i = 0; i < ordersEach; i++) {
      const order = inEntryOrder(anyOrder(model, names, { of, chance, below }), (name) => linkOf(scene, real(name)))
      orders.push(order)
      const refusals = model.judge(order)
      wanted.push(refusals)
      count(`${order.what} ${refusals.size === 0 ? 'ok' : 'refused'}`)
      for (const refusal of refusals) count(refusal.slice(refusal.indexOf(' ') + 1))
    }
    const found = await answers(scene, orders, real)
    orders.forEach((_, i) => {
      const [is, should] = [found[i], wanted[i]].map(sayRefusals)
      if (is !== should)
        throw new Error(`SEED=${seed}\n${story(orders.slice(0, i + 1), wanted)}\n  is ${is}, and should be ${should}`)
    })
  }
  t.comment(`${Math.round((lives * ordersEach) / ((performance.now() - startedMs) / 1000))} orders a second`)
  for (const what of whats) {
    const [done = 0, refused = 0] = ['ok', 'refused'].map((end) => tally.get(`${what} ${end}`))
    t.comment(`${what}: ${done} done, ${refused} refused`)
    if (total >= 20_000) t.ok(done >= 20 && refused >= 20, `${what} was done and refused often enough`)
  }
  const codes = ['code_unknown', 'not_owner', 'not_holder', 'not_addressed', 'wrong_state', 'packed_elsewhere']
  for (const code of [...codes, 'already_sold', 'withdrawn', 'on_hold', 'role_missing']) t.ok(tally.get(code), code)
  const compared = await compareAll(app, scene, models)
  t.comment(`${compared} objects stand where the model has them`)
  const replayed = await checkReplay(app.database.adminUrl)
  t.comment(`${replayed.compared} objects replayed from ${replayed.entries} entries`)
})

async function openScene(t: Parameters<typeof poolOf>[0], app: TestApp): Promise<Scene> {
  const codes = new Map<string, string>()
  const { actors } = await stage(app, { cast, units: 1 })
  for (const [owner, kinds] of Object.entries(stock)) {
    const producer = actors.get(owner)
    if (!producer) throw new Error(`nobody is called ${owner}`)
    const { gtin } = await given.product(producer)
    for (const [letter, each] of Object.entries(kinds)) {
      const made = isBottle(letter) ? gtin : (await given.product(producer, { contains: [{ gtin, count: 12 }] })).gtin
      const order = { gtin: made, quantity: each * lives }
      const { id } = await producer.expect<{ id: string }>(201, 'POST', '/code-orders', order)
      const answer = await producer.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
      answer.body
        .trim()
        .split('\n')
        .forEach((code, i) => codes.set(`${letter}${i}`, code))
    }
  }
  const access = { url: app.database.appUrl, role: appRole }
  const pool = poolOf(t, access.url, access.role)
  const db = kyselyOn(pool)
  const now = () => new Date()
  const directory = createDirectory(db, now)
  const keys = await openTailKeys(pool, createVault(masterKey))
  const resolver = createResolver(pool, keys, { issuingState: app.config.issuingState })
  const opened = await openCapture({
    access,
    pool,
    resolver,
    directory,
    catalogue: createCatalogue(db, now),
    limits: { ...limits, nestingMax },
    log: app.app.log,
    onFatal: (error) => {
      throw error
    },
    throttle: createThrottle(limits.findingsDetailedPerMinute, newId),
  })
  t.teardown(() => opened.ledger.stop())
  const { rows } = await pool.query<{ no: number; id: string; kind: 'system'; owner: string }>(
    `select k.no, k.id, k.kind, p.id as owner from api_key k join participant p on p.no = k.participant_no`,
  )
  const callers = new Map<string, Actor>()
  for (const [name, { id }] of actors) {
    const participant = await directory.byId(id)
    const key = rows.find((row) => row.owner === id)
    if (participant && key) callers.set(name, { participant, key: { no: key.no, id: key.id, kind: key.kind } })
  }
  return { capture: opened.capture, directory, resolver, actors: callers, codes }
}

/** New goods for a new life. */
function fresh(life: number): { model: Model; real: (name: string) => string } {
  const real = new Map<string, string>()
  const each = new Map<string, number>(Object.values(stock).flatMap((kinds) => Object.entries(kinds)))
  const model = freshModel(nestingMax, (name, letter, i) => {
    real.set(name, letter === 'P' ? `(00)${sscc()}` : `${letter}${life * (each.get(letter) ?? 0) + i}`)
  })
  return { model, real: (name) => real.get(name) ?? '' }
}

const linkOf = (scene: Scene, name: string): string => link(scene.codes.get(name) ?? name)

/** What the service answers to each, judged in this order. */
async function answers(scene: Scene, orders: readonly Order[], real: (name: string) => string): Promise<Refusals[]> {
  const code = (name: string) => linkOf(scene, real(name))
  const prepared = await Promise.allSettled(orders.map((order) => prepare(scene, order, code)))
  const recorded = await Promise.allSettled(
    prepared.map((one) =>
      one.status === 'fulfilled' ? scene.capture.commit(one.value) : Promise.reject(one.reason as Error),
    ),
  )
  return recorded.map((one, i) => {
    if (one.status === 'fulfilled') return new Set()
    if (!(one.reason instanceof Problem)) throw one.reason
    const order = orders[i]
    return order ? refusalsOf(one.reason, order, code) : new Set()
  })
}

async function prepare({ capture, directory, actors }: Scene, order: Order, code: (name: string) => string) {
  const actor = actors.get(order.who)
  const idOf = (name: string) => actors.get(name)?.participant.id ?? ''
  if (!actor) throw new Error(`nobody is called ${order.who}`)
  const scan = { ...scanOf(order, code, idOf), eventID: `urn:uuid:${randomUUID()}` }
  const { said } = await eventOfScan(scan, {
    actor,
    directory,
    underWayUnder: async () => [],
    reasons: { list: async () => [], check: async () => undefined },
    now: new Date(),
    clockAheadMaxMs: limits.clockAheadMaxMs,
  })
  return capture.prepare(actor, order.what === 'return broken' ? broken(said) : said)
}

const broken = (event: EpcisEvent): EpcisEvent =>
  event.type === 'ObjectEvent' ? { ...event, persistentDisposition: { set: ['non_sellable_other'], unset: [] } } : event

/** Where everything of every life stands in the end. */
async function compareAll(
  app: TestApp,
  scene: Scene,
  models: readonly { model: Model; real: (name: string) => string }[],
) {
  const client = new pg.Client({ connectionString: app.database.adminUrl, options: '-c search_path=tamga' })
  await client.connect()
  const { rows } = await client.query<StandingRow>(standings, [1]).finally(() => client.end())
  const stored = new Map(rows.map((row) => [row.id, row]))
  const no = (name: string | undefined) =>
    name === undefined ? null : (scene.actors.get(name)?.participant.no ?? null)
  const idOf = async (name: string) => {
    const { reading } = readCode(scene.codes.get(name) ?? name)
    const [answer] = reading ? await scene.resolver.resolve([reading]) : []
    if (!answer || answer.kind === 'fault') throw new Error(`nobody knows ${name}`)
    return String(answer.objectId)
  }
  let compared = 0
  for (const [life, { model, real }] of models.entries()) {
    for (const [name, thing] of model.things) {
      const row = stored.get(await idOf(real(name)))
      const found = row ? placeOf(row) : undefined
      const wanted = {
        state: thing.state,
        owner: no(thing.owner),
        holder: no(thing.holder),
        parent: thing.parent === undefined ? null : await idOf(real(thing.parent)),
        underWay: thing.transit !== undefined,
        addressee: no(thing.transit?.addressee),
      }
      if (thing.state === 'ordered' && !found) continue
      const [is, should] = [found, wanted].map((place) => JSON.stringify(place))
      if (is !== should) throw new Error(`SEED=${seed}, life ${life}, ${name}: is ${is}, and should be ${should}`)
      compared++
    }
  }
  return compared
}
