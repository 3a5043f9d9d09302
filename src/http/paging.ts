// Pages as EPCIS 2.0 has them (section 12.6.6 of the standard): perPage, nextPageToken, and a Link header to the next one.
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { limits } from '../config/limits.ts'
import { Problem } from './problem.ts'

const { pageDefault, pageMax } = limits

/** The two query parameters of every list; spread into the list's own query schema. */
export const pagingQuery = {
  perPage: Type.Optional(
    Type.Integer({ minimum: 1, maximum: pageMax, description: `Rows a page, ${pageDefault} if absent` }),
  ),
  nextPageToken: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'Where the page before ended; from its Link header' }),
  ),
}

export type PagingQuery = { perPage?: number; nextPageToken?: string }

/** Where a page begins (the sort key of the last row before it) and how many rows it may have. */
export type Page = { after: string | undefined; perPage: number }

/**
 * Reads the page that a request asks for. The token is bound to path and filters: under another query it is refused,
 * for the place where one list ended means nothing in another.
 */
export function readPage(request: FastifyRequest, query: PagingQuery): Page {
  const perPage = query.perPage ?? pageDefault
  if (query.nextPageToken === undefined) return { after: undefined, perPage }
  const [mark, after] = decodeToken(query.nextPageToken)
  if (mark !== queryMark(request) || after === undefined) throw new Problem('page_token_invalid')
  return { after, perPage }
}

/**
 * Cuts a list that was read with one row more than a page has, and sets the Link header if there is a next page.
 * @param rows at most perPage + 1 rows, in the list's order
 * @param keyOf the sort key that `readPage` gives back as `after`
 */
export function sendPage<Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page,
  rows: readonly Row[],
  keyOf: (row: Row) => string | number | bigint,
): Row[] {
  const shown = rows.slice(0, page.perPage)
  const last = shown.at(-1)
  if (rows.length > page.perPage && last !== undefined) {
    const url = new URL(request.url, 'http://localhost')
    const token = Buffer.from(JSON.stringify([queryMark(request), String(keyOf(last))])).toString('base64url')
    url.searchParams.set('nextPageToken', token)
    // Relative to this address, so that it holds behind any proxy.
    void reply.header('link', `<${url.pathname}${url.search}>; rel="next"`)
  }
  return shown
}

/** A short digest of what the query asks for, without the paging itself. */
function queryMark(request: FastifyRequest): string {
  const url = new URL(request.url, 'http://localhost')
  url.searchParams.delete('nextPageToken')
  url.searchParams.delete('perPage')
  url.searchParams.sort()
  return createHash('sha256').update(`${url.pathname}?${url.searchParams.toString()}`).digest('base64url').slice(0, 8)
}

function decodeToken(token: string): [string?, string?] {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'string') {
      return [value[0], value[1]]
    }
  } catch {
    // Not one of our tokens; the caller hears so below.
  }
  return []
}

/** A page's `after` where the sort key is a whole number; a token that says otherwise was tampered with. */
export function afterNumber(page: Page): number | undefined {
  if (page.after === undefined) return undefined
  const value = Number(page.after)
  if (!Number.isSafeInteger(value) || value < 0) throw new Problem('page_token_invalid')
  return value
}
