// Clients who live many lives of goods at once: each order is judged by the model first and then asked of the service, by whichever
// process answers, again and again until there is a verdict. The verdict must be the model's.
import { setTimeout as delay } from 'node:timers/promises'
import { link, sscc } from '../support/story.ts'
import type { Model, Order, Refusals } from '../support/model.ts'
import {
  freshModel,
  inEntryOrder,
  names,
  type Refused,
  refusalsOf,
  sayOrder,
  sayRefusals,
  scanOf,
  story,
} from '../support/model-scene.ts'
import { anyOrder, type Random, random } from '../support/orders.ts'
import { type Answer, remote, type Remote } from '../support/remote.ts'
import type { Journal, Told } from './journal.ts'
import { openStock, type Stock } from './stock.ts'
import type { Doors } from './world.ts'

const ordersEach = 150
/** The service's own. */
const nestingMax = 8
/** A client who is told to come again waits, but does not sleep: the service may be back any moment. */
const patienceMs = 25
/** Longer than any fault and than the service tries for a caller: who is not answered within this never is. */
const answerMaxMs = 45_000

export type Life = { model: Model; link: (name: string) => string }
export type Clients = {
  /** Every life there was. */
  readonly lives: readonly Life[]
  /** Resolves once each client has a verdict on what it asked, and asks nothing more. */
  pause(): Promise<void>
  resume(): void
  stop(): Promise<void>
  /** Nobody waits for a verdict any more. */
  abandon(): void
}

type Door = Doors['gates'][number]
type Call = { who: string; path: string; body: object; eventID: string }
type Verdict = { answer: Answer; gate: Door }
type Options = { seed: number; clients: number; thinkMs: number; journal: Journal; world: Doors }

export async function startClients(options: Options): Promise<Clients> {
  const { seed, clients, world, journal, thinkMs } = options
  const lives: Life[] = []
  const codes = await openStock(world, journal)
  let gate = Promise.resolve()
  let open: () => void = () => undefined
  let stopped = false
  const waiting = new Set<number>()
  let allWait: () => void = () => undefined

  async function client(no: number): Promise<void> {
    const rng = random(seed * 1_000 + no)
    const ask = createAsking(world, journal, rng)
    while (!stopped) {
      const life = await newLife(codes)
      lives.push(life)
      const past: { order: Order; refusals: Refusals }[] = []
      for (let i = 0; i < ordersEach && !stopped; i++) {
        await gate
        waiting.delete(no)
        await step(life, past, ask, rng, journal)
        if (thinkMs > 0) await delay(Math.floor(rng.below(2 * thinkMs)))
        waiting.add(no)
        if (waiting.size === clients) allWait()
      }
    }
  }
  for (let no = 0; no < clients; no++) waiting.add(no)
  const running = Promise.all(Array.from({ length: clients }, (_, no) => client(no)))
  running.catch(() => undefined)
  return {
    lives,
    pause: async () => {
      gate = new Promise((resolve) => (open = resolve))
      const all = new Promise<void>((resolve) => (allWait = resolve))
      if (waiting.size < clients) await Promise.race([all, running])
    },
    resume: () => open(),
    stop: async () => {
      stopped = true
      open()
      await running
    },
    abandon: () => {
      stopped = true
      journal.closed = true
      open()
    },
  }
}

type Asking = {
  /** @param alone nobody else has to do with these goods just now */
  order(life: Life, order: Order, alone: boolean): Promise<{ refusals: Refusals; position: number | undefined }>
  again(told: Told): Promise<void>
  otherContent(told: Told): Promise<void>
}

/** One order, or two at once about the same goods; now and then something that was said before. */
async function step(
  life: Life,
  past: { order: Order; refusals: Refusals }[],
  ask: Asking,
  rng: Random,
  journal: Journal,
): Promise<void> {
  const { model } = life
  const any = () => inEntryOrder(anyOrder(model, names, rng), life.link)
  const told = rng.chance(0.05) && journal.told.length > 0 ? rng.of(journal.told) : undefined
  if (told) return rng.chance(0.5) ? ask.again(told) : ask.otherContent(told)
  const first = any()
  const orders = rng.chance(0.08) ? [first, rivalOf(first, any, rng)] : [first]
  const one = orders.length === 1
  const before = model.things
  const found = await Promise.all(orders.map((order) => ask.order(life, order, one)))
  if (!one) journal.count('races')
  // What was recorded happened in the order of positions; what was refused may have been judged before or after.
  const sequences = one ? [[0]] : inOrder(found.map(({ position }) => position))
  const tried = sequences.map((sequence) => {
    model.things = copied(before)
    const wanted: Refusals[] = []
    for (const i of sequence) wanted[i] = model.judge(orders[i] ?? first)
    return { sequence, wanted, things: model.things, fits: sequence.every((i) => same(wanted[i], found[i]?.refusals)) }
  })
  const fitting = tried.find(({ fits }) => fits) ?? tried[0]
  model.things = fitting?.things ?? before
  orders.forEach((order, i) => past.push({ order, refusals: fitting?.wanted[i] ?? new Set() }))
  if (fitting?.fits === true) return
  const heard = found.map(({ refusals }) => sayRefusals(refusals)).join(' | ')
  const should = tried.map(({ wanted }) => wanted.map(sayRefusals).join(' | ')).join(' or ')
  const [orderList, refusalList] = [past.map(({ order }) => order), past.map(({ refusals }) => refusals)]
  journal.wrong.push(
    `${story(orderList, refusalList)}\n  (${orders.map(sayOrder).join(' | ')}) is ${heard}, and should be ${should}`,
  )
}

/** The same by somebody else's scanner, or something else with the same goods. */
function rivalOf(first: Order, any: () => Order, { chance }: Random): Order {
  const other = chance(0.5) ? first : any()
  const fits = other.what !== 'unpack all' && first.goods.length > 0 && !first.goods.includes(other.container ?? '')
  return fits ? { ...other, goods: first.goods } : { ...first }
}

function inOrder([a, b]: readonly (number | undefined)[]): number[][] {
  const ways = [
    [0, 1],
    [1, 0],
  ]
  if (a === undefined || b === undefined) return ways
  return ways.slice(...(a < b ? [0, 1] : [1, 2]))
}

const same = (a: Refusals | undefined, b: Refusals | undefined): boolean => sayRefusals(a) === sayRefusals(b)

const copied = (things: Model['things']): Model['things'] =>
  new Map([...things].map(([name, thing]) => [name, { ...thing, inside: new Set(thing.inside) }]))

function createAsking(world: Doors, journal: Journal, rng: Random): Asking {
  const remotes = new Map<string, Remote>()
  const remoteOf = (gate: Door, who: string): Remote => {
    const key = world.actors.get(who)?.key ?? ''
    const known = remotes.get(`${gate.name} ${who}`) ?? remote(gate.url, key)
    remotes.set(`${gate.name} ${who}`, known)
    return known
  }

  /** Asks until there is a verdict: of one process, then of the other. */
  async function verdict(call: Call): Promise<Verdict> {
    const from = rng.below(world.gates.length)
    for (let attempt = 0; ; attempt++) {
      if (journal.closed) throw new Error('nobody waits for an answer any more')
      const gate = world.gates[(from + attempt) % world.gates.length]
      if (!gate) throw new Error('there is no process')
      const never = AbortSignal.timeout(answerMaxMs)
      const answer = await remoteOf(gate, call.who)
        .send('POST', call.path, call.body, {}, never)
        .catch(() => undefined)
      if (never.aborted) journal.wrong.push(`${gate.name} never answered ${call.path} ${call.eventID}`)
      const late = answer !== undefined && answer.status < 500 && /"time_in_future"/.test(answer.text)
      if (answer && answer.status !== 503 && !late) return { answer, gate }
      journal.count(
        answer === undefined ? 'calls broken' : late ? 'told that its clock is ahead' : 'told to come again',
      )
      if (answer?.status === 503 && answer.retryAfter === undefined)
        journal.wrong.push(`503 without Retry-After: ${answer.text}`)
      await delay(patienceMs)
    }
  }

  return {
    async order(life, order, alone) {
      const call = callOf(world, order, life.link, rng)
      const serial = journal.begins()
      // What is legal stays legal until it is recorded: who hangs up and asks elsewhere can be told one thing only.
      const vanishes = rng.chance(0.04) && alone && isLegal(life.model, order)
      if (vanishes) await vanish(call)
      const { answer, gate } = await verdict(call)
      if (answer.status === 201 || answer.status === 200) {
        if (answer.status === 200) journal.count('recorded, and nobody had heard')
        const { entries } = answer.json<{ entries: { position: number }[] }>()
        const position = entries[0]?.position ?? -1
        journal.acknowledged({ ...call, answer: answer.text, position }, gate.name, serial)
        return { refusals: new Set(), position }
      }
      journal.count('refused')
      if (answer.status >= 500) journal.wrong.push(`${answer.status} ${answer.text}`)
      return { refusals: refusalsOf(answer.json<Refused>(), order, life.link), position: undefined }
    },
    async again(told) {
      journal.count('sent again')
      const { answer } = await verdict(told)
      if (answer.status !== 200 || answer.text !== told.answer)
        journal.wrong.push(`${told.eventID} was told ${told.answer}, and then ${answer.status} ${answer.text}`)
    },
    async otherContent(told) {
      journal.count('sent with other content')
      const { answer } = await verdict({ ...told, body: { ...told.body, ...otherTime(told.path) } })
      if (answer.status !== 409 || answer.json<Refused>().code !== 'event_id_taken')
        journal.wrong.push(`${told.eventID} with other content: ${answer.status} ${answer.text}`)
    },
  }

  async function vanish(call: Call): Promise<void> {
    journal.count('clients that vanished')
    const gone = new AbortController()
    const gate = rng.of(world.gates)
    const sent = remoteOf(gate, call.who).send('POST', call.path, call.body, {}, gone.signal)
    sent.catch(() => undefined)
    await delay(rng.below(12))
    gone.abort()
  }
}

const otherTime = (path: string): object => ({
  [path === '/events' ? 'eventTime' : 'time']: '2026-01-01T00:00:00.000Z',
})

function isLegal(model: Model, order: Order): boolean {
  const before = model.things
  model.things = copied(before)
  const legal = model.judge(order).size === 0
  model.things = before
  return legal
}

function callOf(world: Doors, order: Order, linkTo: Life['link'], rng: Random): Call {
  const idOf = (name: string) => world.actors.get(name)?.id ?? ''
  const eventID = `urn:uuid:${uuidOf(rng)}`
  const time = new Date().toISOString()
  if (order.what !== 'return broken')
    return { who: order.who, path: '/scans', eventID, body: { ...scanOf(order, linkTo, idOf), eventID, time } }
  const event = {
    '@context': 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
    type: 'ObjectEvent',
    action: 'OBSERVE',
    eventID,
    eventTime: time,
    eventTimeZoneOffset: '+00:00',
    bizStep: 'receiving',
    disposition: 'returned',
    persistentDisposition: { set: ['non_sellable_other'] },
    epcList: order.goods.map(linkTo),
  }
  return { who: order.who, path: '/events', eventID, body: event }
}

function uuidOf({ below }: Random): string {
  const hex = (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join('')
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
}

async function newLife(codes: Stock): Promise<Life> {
  const wanted: { name: string; letter: string }[] = []
  const model = freshModel(nestingMax, (name, letter) => wanted.push({ name, letter }))
  const links = new Map<string, string>()
  for (const { name, letter } of wanted)
    links.set(name, link(letter === 'P' ? `(00)${sscc()}` : await codes.take(letter)))
  return { model, link: (name) => links.get(name) ?? '' }
}
