// What scenarios play on: a service of its own on a database of its own, bare Fastify beside it, and goods to move. All of it on
// loopback and in a folder that is removed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { checkDigit } from '../../src/gs1/identifiers.ts'
import type { DatabaseAccess } from '../../src/db/connect.ts'

export type Player = { url: string; ask: (question: unknown) => Promise<unknown>; end: () => Promise<void> }
export type Firm = { id: string; key: string }
/** Codes in the form in which a scanner sends them, in the order in which they were printed. */
export type Goods = { gtin: string; order: string; codes: string[] }

export type Stage = {
  service: Player
  bare: Player
  admin: pg.Client
  access: DatabaseAccess
  quick: boolean
  maker: Firm
  firm(role: string): Promise<Firm>
  /** A person of customs, with a key of his own. */
  officer(): Promise<Firm>
  call<Answer>(method: string, path: string, body: unknown, key: string): Promise<Answer>
  /** Codes that nothing has happened to yet; of a group that has a log of its own, if one is named. */
  order(quantity: number, group?: string): Promise<Goods>
  /** Makes a product group with a log of its own. */
  group(id: string): Promise<void>
  /** A second process of the service on the same database. Ends with the stage. */
  another(): Promise<Player>
  commission(codes: readonly string[]): Promise<void>
  close(): Promise<void>
}

type Opened = { url: string; operatorKey: string; adminUrl: string; access: DatabaseAccess }

const compiled = import.meta.url.endsWith('.js')

/** As the container runs it: compiled. From the sources, as `npm start` does, each inner function costs a call more. */
const flags = ['--max-semi-space-size=64', ...(compiled ? [] : ['--import', 'tsx'])]

function start(file: string, env: NodeJS.ProcessEnv): Process {
  const child = spawn(
    process.execPath,
    [...flags, fileURLToPath(new URL(compiled ? file.replace(/\.ts$/, '.js') : file, import.meta.url))],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  )
  const lost = once(child, 'exit').then((): never => {
    throw new Error('a process of the benchmark ended early')
  })
  lost.catch(() => undefined) // Heard by whoever waits for an answer.
  return { child, lost }
}

type Process = { child: ChildProcess; lost: Promise<never> }

async function hear({ child, lost }: Process): Promise<unknown> {
  const [message] = (await Promise.race([once(child, 'message'), lost])) as unknown[]
  return message
}

function player(started: Process, url: string): Player {
  const { child } = started
  return {
    url,
    ask: async (question) => {
      const heard = hear(started)
      child.send(question as never)
      const message = await heard
      return typeof message === 'object' && message !== null && 'said' in message ? message.said : undefined
    },
    end: async () => {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      if (child.connected) child.send('end')
      await gone
    },
  }
}

export async function openStage(quick: boolean): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'tamga-bench-'))
  const env = { DATA_DIR: join(folder, 'data'), PORT: '0', RATE_LIMIT: '0', LOG_LEVEL: 'info', NODE_ENV: 'production' }
  const unset = {
    DATABASE_URL: '',
    APP_DATABASE_URL: '',
    MASTER_KEY: '',
    OPERATOR_KEY: '',
    ANCHOR_DIR: '',
    WITNESSES: '',
  }
  const serving = start('./service.ts', { ...env, ...unset })
  const plain = start('./bare.ts', {})
  const opened = (await hear(serving)) as Opened
  const plainUrl = ((await hear(plain)) as { url: string }).url
  const admin = new pg.Client({ connectionString: opened.adminUrl })
  admin.on('error', () => undefined)
  await admin.connect()
  await admin.query('set search_path = tamga')

  async function send(method: string, path: string, body: unknown, key: string, accept: string): Promise<string> {
    const response = await fetch(opened.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`)
    return text
  }
  const call = async <Answer>(method: string, path: string, body: unknown, key: string): Promise<Answer> =>
    JSON.parse(await send(method, path, body, key, 'application/json')) as Answer
  const firm = async (role: string): Promise<Firm> => {
    const registration = { name: `A ${role}`, country: 'KG', roles: [role] }
    const { id } = await call<{ id: string }>('POST', '/participants', registration, opened.operatorKey)
    const { key } = await call<{ key: string }>('POST', `/participants/${id}/keys`, {}, opened.operatorKey)
    return { id, key }
  }

  const officer = async (): Promise<Firm> => {
    const registration = { name: 'Customs', country: 'KG', roles: ['customs'] }
    const { id } = await call<{ id: string }>('POST', '/participants', registration, opened.operatorKey)
    const { id: person } = await call<{ id: string }>(
      'POST',
      `/participants/${id}/people`,
      { name: 'Officer' },
      opened.operatorKey,
    )
    const { key } = await call<{ key: string }>(
      'POST',
      `/participants/${id}/keys`,
      { kind: 'person', person },
      opened.operatorKey,
    )
    return { id, key }
  }

  const service = player(serving, opened.url)
  const bare = player(plain, plainUrl)
  const maker = await firm('producer')
  const others: Player[] = []
  let products = 0
  return {
    service,
    bare,
    admin,
    access: opened.access,
    quick,
    maker,
    firm,
    officer,
    call,
    group: async (id) => {
      const given = { id, name: `Goods of ${id}`, enforcement: 'enforce', log: id }
      await call('POST', '/product-groups', given, opened.operatorKey)
    },
    another: async () => {
      const started = start('./service.ts', { ...env, ...unset, DATABASE_URL: opened.adminUrl })
      const { url } = (await hear(started)) as Opened
      const second = player(started, url)
      others.push(second)
      return second
    },
    order: async (quantity, group = 'alcohol') => {
      const body = `0470${String(++products).padStart(9, '0')}`
      const gtin = body + String(checkDigit(body))
      const product = { gtin, name: 'Vodka 0.5 l', group, hsCode: '2208601100', originCountry: 'KG' }
      await call('POST', '/products', product, maker.key)
      const { id } = await call<{ id: string }>('POST', '/code-orders', { gtin, quantity }, maker.key)
      const codes = (await send('GET', `/code-orders/${id}/codes`, undefined, maker.key, 'text/plain'))
        .trim()
        .split('\n')
      return { gtin, order: id, codes }
    },
    commission: async (codes) => {
      for (let from = 0; from < codes.length; from += 10_000) {
        await call('POST', '/scans', { codes: codes.slice(from, from + 10_000), step: 'commissioning' }, maker.key)
      }
    },
    close: async () => {
      await admin.end().catch(() => undefined)
      // The first has the database, and goes last.
      await Promise.all([...others, bare].map((one) => one.end()))
      await service.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
