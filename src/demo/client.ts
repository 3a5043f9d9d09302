// The service as any client meets it: one address, one key, patience where it asks for patience. Nothing here knows its inside.
import { setTimeout as delay } from 'node:timers/promises'
import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'

/** What the demo cannot go on with; the message is a sentence for whoever started it. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}

/** An answer as it came: JSON parsed, anything else as text. `next` is where the following page is. */
export type Answer = { status: number; body: unknown; next?: string }

export type Client = {
  /** Sends one request; 429 and 503 are waited out as Retry-After says. @throws DemoError where nobody answers */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer>
  /** The same for a call that must succeed. @throws DemoError with the problem's own words otherwise */
  ask<Schema extends TSchema>(
    schema: Schema,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
  ): Promise<Static<Schema>>
  /** All rows of a list, page after page. @throws DemoError */
  list<Schema extends TSchema>(row: Schema, path: string): Promise<Static<Schema>[]>
  /** The same service with another key; without one, as the public asks. */
  as(key: string | undefined): Client
  readonly url: string
  /** Requests so far, by whatever key. */
  requests(): number
}

export type Patience = { wait: (ms: number) => Promise<unknown>; triesMax: number }

type Page<Row extends TSchema> = { rows: Static<Row>[]; next: string | undefined }

/** A minute of an overloaded service; then its answer stands. */
const patient: Patience = { wait: delay, triesMax: 60 }

/** @param url scheme, host and port, without a path */
export function createClient(url: string, key?: string, patience: Patience = patient): Client {
  const base = url.replace(/(?<!\/)\/+$/, '')
  let count = 0
  const bearing = (bearer: string | undefined): Client => {
    const call: Client['call'] = async (method, path, body) => {
      for (let tries = 1; ; tries++) {
        count++
        const response = await send(base, method, path, bearer, body)
        const text = await response.text()
        if ((response.status !== 429 && response.status !== 503) || tries >= patience.triesMax) {
          const next = nextPage(response.headers.get('link'))
          return { status: response.status, body: parsed(response, text), ...(next === undefined ? {} : { next }) }
        }
        await patience.wait(retryAfterMs(response.headers.get('retry-after')))
      }
    }
    const readPage = async <Schema extends TSchema>(row: Schema, path: string): Promise<Page<Schema>> => {
      const answer = await call('GET', path)
      return { rows: understood(Type.Array(row), 'GET', path, answer), next: answer.next }
    }
    return {
      url: base,
      requests: () => count,
      as: bearing,
      call,
      list: async (row, path) => {
        const rows = []
        for (let next: string | undefined = path; next !== undefined;) {
          const page: Page<typeof row> = await readPage(row, next)
          rows.push(...page.rows)
          next = page.next
        }
        return rows
      },
      ask: async (schema, method, path, body) => understood(schema, method, path, await call(method, path, body)),
    }
  }
  return bearing(key)
}

function understood<Schema extends TSchema>(
  schema: Schema,
  method: string,
  path: string,
  answer: Answer,
): Static<Schema> {
  if (answer.status >= 400) throw new DemoError(`${method} ${path} was refused. ${inWords(answer)}`)
  if (Value.Check(schema, answer.body)) return answer.body
  throw new DemoError(`${method} ${path} answered ${answer.status} with something this demo does not understand.`)
}

async function send(base: string, method: string, path: string, key: string | undefined, body: unknown) {
  try {
    return await fetch(base + path, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch {
    throw new DemoError(
      `Nobody answers at ${base}. Start the service in another terminal (npm start), or name its address with --url.`,
    )
  }
}

function parsed(response: Response, text: string): unknown {
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Retry-After in seconds; where it is a date or missing, a second. */
function retryAfterMs(header: string | null): number {
  const seconds = Number(header)
  return header !== null && Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 60) * 1_000 : 1_000
}

const nextPage = (link: string | null): string | undefined => /<([^<>]+)>;\s*rel="next"/.exec(link ?? '')?.[1]

/** A problem document, as far as a reader needs it. */
export type ProblemSeen = { code: string; title: string; detail: string; errors: { code: string; detail: string }[] }

/** Reads the problem of an answer; one with code "unreadable" where it is none. */
export function problemOf(body: unknown): ProblemSeen {
  const document = isRecord(body) ? body : {}
  const text = (name: string) => (typeof document[name] === 'string' ? document[name] : '')
  const errors = Array.isArray(document['errors']) ? document['errors'].filter(isRecord) : []
  return {
    code: text('code') || 'unreadable',
    title: text('title'),
    detail: text('detail'),
    errors: errors.map(({ code, detail }) => ({ code: String(code), detail: String(detail) })),
  }
}

/** `409 already_sold: <title>. <detail>` */
export function inWords({ status, body }: Answer): string {
  const { code, title, detail } = problemOf(body)
  return [`${status} ${code}:`, title && `${title}.`, detail].filter(Boolean).join(' ')
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
