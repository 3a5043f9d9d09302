// The service over its socket, as clients of several processes have it: nothing is thrown but a broken line.
import { Agent, request } from 'node:http'
import type { Role } from '../../src/participants/actor.ts'

export type Answer = {
  status: number
  text: string
  /** Seconds, where it said. */
  retryAfter: string | undefined
  json: <Body = Record<string, unknown>>() => Body
}
export type Remote = {
  /** @param gone the client hangs up, whatever became of it */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    gone?: AbortSignal,
  ): Promise<Answer>
  /** The same; anything but this status is an error. */
  expect<Body = Record<string, unknown>>(status: number, method: string, path: string, body?: unknown): Promise<Body>
}

const agent = new Agent({ keepAlive: true, maxSockets: 100 })

/** @param url where the service is now; asked at every call, for it may come back elsewhere */
export function remote(url: () => string, key: string): Remote {
  const send: Remote['send'] = (method, path, body, headers = {}, gone) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const json = payload === undefined ? {} : { 'content-type': 'application/json' }
      const call = request(`${url()}${path}`, {
        method,
        agent,
        ...(gone === undefined ? {} : { signal: gone }),
        headers: { authorization: `Bearer ${key}`, accept: 'application/json', ...json, ...headers },
      })
      call.on('error', reject)
      call.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          // An answer that was cut off is none.
          if (!response.complete) return reject(new Error('the answer broke off'))
          resolve({
            status: response.statusCode ?? 0,
            text,
            retryAfter: response.headers['retry-after'],
            json: <Body>() => JSON.parse(text) as Body,
          })
        })
      })
      call.end(payload)
    })
  return {
    send,
    expect: async <Body>(status: number, method: string, path: string, body?: unknown): Promise<Body> => {
      const answer = await send(method, path, body)
      if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status}: ${answer.text}`)
      return answer.json<Body>()
    },
  }
}

/** A participant with a key of its own. */
export async function registered(operator: Remote, url: () => string, roles: Role[], name: string): Promise<Remote> {
  const { id } = await operator.expect<{ id: string }>(201, 'POST', '/participants', { name, country: 'KG', roles })
  const { key } = await operator.expect<{ key: string }>(201, 'POST', `/participants/${id}/keys`, {})
  return remote(url, key)
}

/** Codes of a fresh product of this producer, as element strings. */
export async function freshCodes(maker: Remote, gtin: string, quantity: number): Promise<string[]> {
  await maker.expect(201, 'POST', '/products', {
    gtin,
    name: 'Vodka 0.5 l',
    group: 'alcohol',
    hsCode: '2208601100',
    originCountry: 'KG',
  })
  const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
  const answer = await maker.send('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
  return answer.text.trim().split('\n')
}
