// The ledger without goods: drafts of nothing in particular, and a judge who refuses on request.
import { createHash, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { appRole, connectClient, type ConnectOptions } from '../../src/db/connect.ts'
import type { Draft, Judge } from '../../src/ledger/commit.ts'

export type Order = { refuse?: true }
export type Decision = 'fine'
export type Toy = Draft<Order, Decision>
export type ToyJudge = Judge<Order, Decision, string>
export type Write = (client: pg.ClientBase) => Promise<unknown>[]

const hex = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** The same id and content give the same draft. */
export const draft = (id: string = randomUUID(), content = 'content', order: Order = {}): Toy => ({
  key: hex(id),
  digest: hex(content),
  order,
  columns: {
    eventTime: new Date('2026-05-01T00:00:00Z'),
    participant: 1,
    principal: null,
    person: null,
    key: 1,
    place: null,
    mandate: null,
    signature: null,
  },
  lists: [],
  entry: ({ position, recordTime }) => Buffer.from(`${id} ${content} at ${position} on ${recordTime.toISOString()}`),
})

/** `write`: statements that the judge adds to the batch. */
export const judge = (write: Write = () => []): ToyJudge => ({
  sit: async () => ({
    decide: ({ refuse }) => (refuse === true ? { refusal: 'no' } : { decision: 'fine' }),
    followUp: () => undefined,
    write,
  }),
})

export const writer = (
  url: string,
  settings: Record<string, string | number> = {},
  options: Pick<ConnectOptions, 'silentMaxMs'> = {},
): Promise<pg.Client> => connectClient({ url, role: appRole }, () => undefined, { name: 'toy', settings, ...options })

export const work = { events: 1, codes: 1, bytes: 100 }
export const serverClock = (now: Date): Date => now

/** The answer of a queue that is expected to take it. */
export const taken = <T>(answer: Promise<T> | undefined): Promise<T> =>
  answer ?? Promise.reject(new Error('too much is waiting'))
