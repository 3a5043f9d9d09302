// How a page knows what it shows: it asks the interface as anyone would, with the visitor's own key. So a page can show nothing that
// its visitor could not ask for, counts against the same limits, and an authority's look leaves the same trace.
import type { FastifyInstance } from 'fastify'
import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'

const Problem = Type.Object({
  status: Type.Integer(),
  code: Type.String(),
  title: Type.String(),
  detail: Type.String(),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        path: Type.String(),
        code: Type.String(),
        detail: Type.String(),
        value: Type.Optional(Type.String()),
      }),
    ),
  ),
})
export type Refusal = Static<typeof Problem>

/** What the interface would not do, in its own words. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.detail)
    this.name = 'Refused'
    this.refusal = refusal
  }
}

export type Question = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: unknown
  headers?: Readonly<Record<string, string>>
}
/** `next`: the token of the page after it, of a list that has one. */
export type Raw = { status: number; bytes: Buffer; type: string; next: string | undefined }
export type Asker = {
  /** The answer as it came, whatever it is. */
  raw(url: string, question?: Question): Promise<Raw>
  /** @throws Refused for every status of 400 and above */
  ask<Schema extends TSchema>(schema: Schema, url: string, question?: Question): Promise<Static<Schema>>
  /** One page of a list: the first, or the one that a token of the page before names. */
  page<Schema extends TSchema>(
    schema: Schema,
    url: string,
    token?: string | null,
  ): Promise<{ rows: Static<Schema>[]; next: string | undefined }>
  /** Page after page, until there are so many rows. */
  list<Schema extends TSchema>(
    schema: Schema,
    url: string,
    max: number,
  ): Promise<{ rows: Static<Schema>[]; more: boolean }>
}

/**
 * @param key of the visitor; undefined: nobody's
 * @param address whose share of unsigned requests it counts against
 * @param forWhom the participant whom the visitor acts for; a question may say otherwise by its headers
 */
export function createAsker(app: FastifyInstance, key: string | undefined, address: string, forWhom?: string): Asker {
  const raw: Asker['raw'] = async (url, { method = 'GET', body, headers = {} } = {}) => {
    const answer = await app.inject({
      method,
      url,
      remoteAddress: address,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(forWhom === undefined ? {} : { 'tamga-for': forWhom }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
    const { headers: told } = answer
    const next = /^<([^>]*)>; rel="next"$/.exec(String(told['link'] ?? ''))?.[1]
    return {
      status: answer.statusCode,
      bytes: answer.rawPayload,
      type: String(told['content-type'] ?? ''),
      next:
        next === undefined
          ? undefined
          : (new URL(next, 'http://localhost').searchParams.get('nextPageToken') ?? undefined),
    }
  }
  async function checked<Schema extends TSchema>(schema: Schema, url: string, question?: Question) {
    const { status, bytes, next } = await raw(url, question)
    const body: unknown = bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))
    if (status >= 400) {
      throw new Refused(
        Value.Check(Problem, body) ? body : { status, code: 'internal', title: String(status), detail: '' },
      )
    }
    if (Value.Check(schema, body)) return { body, next }
    throw new Error(`${url} is not answered as this page expects`, {
      cause: [...Value.Errors(schema, body)].slice(0, 3),
    })
  }
  const page: Asker['page'] = async (schema, url, token) => {
    const at = token ? `${url.includes('?') ? '&' : '?'}nextPageToken=${piece(token)}` : ''
    const { body, next } = await checked(Type.Array(schema), url + at)
    return { rows: body, next }
  }
  return {
    raw,
    ask: async (schema, url, question) => (await checked(schema, url, question)).body,
    page,
    list: async (schema, url, max) => {
      const { rows, next } = await page(schema, url)
      let token = next
      while (token !== undefined && rows.length < max) {
        const more = await page(schema, url, token)
        rows.push(...more.rows)
        token = more.next
      }
      return { rows: rows.slice(0, max), more: token !== undefined || rows.length > max }
    },
  }
}

/** A question that the visitor asks for itself, whomever it acts for. */
export const forItself = { 'tamga-for': '' } as const

/** A piece of an address. */
export const piece = encodeURIComponent
