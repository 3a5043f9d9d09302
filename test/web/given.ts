// What the tests of pages begin with: a service that listens, some firms, and ten bottles.
import type { AddressInfo } from 'node:net'
import { type TestApp, testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

type Teardown = { teardown: (done: () => Promise<void>) => void }

/** A service as browsers reach it. */
export async function servedApp(t: Teardown): Promise<TestApp & { origin: string }> {
  const app = await testApp(t)
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.app.server.address() as AddressInfo
  return { ...app, origin: `http://127.0.0.1:${port}` }
}

/** So many codes of a product, as its owner downloads them. */
export async function codesOf(maker: given.GivenParticipant, gtin: string, quantity: number): Promise<string[]> {
  const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
  return (await maker.call('GET', `/code-orders/${id}/codes`)).body.trimEnd().split('\n')
}

export async function bottles(app: TestApp, quantity = 10) {
  const maker = await given.participant(app, { roles: ['producer'], name: 'Ak-Suu Distillery' })
  const shop = await given.participant(app, { roles: ['retailer'], name: 'Karakol Market' })
  const { gtin } = await given.product(maker, { name: 'Vodka Ak-Suu 0.5 l' })
  const codes = await codesOf(maker, gtin, quantity)
  return { maker, shop, gtin, codes }
}

export const scan = (by: given.GivenParticipant, step: string, codes: readonly string[], more: object = {}) =>
  by.expect(201, 'POST', '/scans', { step, codes, ...more })
