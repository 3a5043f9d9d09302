// A border post with its people, and loads as tests declare them: an honest one unless a line says otherwise.
import { type Caller, type TestApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { sscc } from '../support/story.ts'

export type Officer = Awaited<ReturnType<typeof given.officer>>

export type Post = {
  app: TestApp
  maker: given.GivenParticipant
  importer: given.GivenParticipant
  rival: given.GivenParticipant
  /** Persons of customs, each with a key of its own. */
  officers: readonly [Officer, Officer, Officer, Officer]
  product: given.GivenProduct
}

/** A third person's key of customs needs another's word (design D15). */
async function confirmedOfficer(app: TestApp, customs: string, by: Caller): Promise<Officer> {
  const found = await given.officer(app, customs)
  await by.call('POST', `/participants/${customs}/keys/${found.keyId}/confirmations`)
  return found
}

export async function post(app: TestApp): Promise<Post> {
  const maker = await given.participant(app, { roles: ['producer'], name: 'Maker' })
  const importer = await given.participant(app, { roles: ['importer'], name: 'Importer' })
  const rival = await given.participant(app, { roles: ['importer'], name: 'Rival' })
  const { id: customs } = await app.operator.expect<{ id: string }>(201, 'POST', '/participants', {
    name: 'Customs',
    country: 'KG',
    roles: ['customs'],
  })
  const first = await given.officer(app, customs)
  const second = await given.officer(app, customs)
  const third = await confirmedOfficer(app, customs, first)
  const fourth = await confirmedOfficer(app, customs, first)
  const product = await given.product(maker)
  return { app, maker, importer, rival, officers: [first, second, third, fourth], product }
}

export type Load = { codes: string[]; sscc: string }

/** Units that the maker made, packed on a pallet. */
export async function load({ maker, product }: Post, units = 12, fields: Record<string, unknown> = {}): Promise<Load> {
  const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', {
    gtin: product.gtin,
    quantity: units,
  })
  const answer = await maker.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
  const codes = answer.body.trim().split('\n')
  await maker.expect(201, 'POST', '/scans', { codes, step: 'commissioning', ...fields })
  const pallet = `(00)${sscc()}`
  await maker.expect(201, 'POST', '/scans', { codes, step: 'packing', parent: pallet })
  return { codes, sscc: pallet }
}

let references = 0

/** An export declaration of the maker's that says what is true. */
export function declaration(
  codes: readonly string[],
  pieces: number,
  changes: Record<string, unknown> = {},
  item: Record<string, unknown> = {},
) {
  return {
    reference: `D-${++references}`,
    flow: 'export',
    procedure: '10',
    office: 'KG-BISHKEK',
    consignor: { name: 'Maker', country: 'KG' },
    consignee: { name: 'Buyer', country: 'KZ' },
    transport: { mode: 'road', id: '01 KG 123 ABC' },
    route: ['KG', 'KZ'],
    codes,
    items: [
      {
        number: 1,
        hsCode: '2208601100',
        originCountry: 'KG',
        quantity: String(pieces),
        unit: 'NAR',
        value: { amount: '1200.00', currency: 'USD' },
        netMassKg: '6',
        ...item,
      },
    ],
    ...changes,
  }
}

export type Told = {
  id: string
  reference: string
  status: string
  lane?: string | null
  releasedAt: string | null
  required: { check: string }[]
  decisions?: {
    at: string
    position: number
    lane: string
    profile: { id: string; version: number; hash: string }
    reasons: { rule: string; lane: string | null; text: string; codes?: string[]; entries?: unknown[] }[]
    facts: { decl: Record<string, unknown>; lines: { led: Record<string, unknown>; item: Record<string, unknown> }[] }
    results: Record<string, string>
  }[]
  checks?: { id: string; done: boolean; units?: string[]; of?: number }[]
}

/** Lodges it, and tells what customs see. */
export async function lodge({ officers }: Post, by: Caller, body: unknown): Promise<Told> {
  const { id } = await by.expect<Told>(201, 'POST', '/declarations', body)
  return officers[0].expect<Told>(200, 'GET', `/declarations/${id}`)
}

/** `red P01,P09`: its lane, and the rules that made it so. */
export const verdict = ({ lane, decisions = [] }: Told): string =>
  [lane, [...new Set(decisions.flatMap(({ reasons }) => reasons.map(({ rule }) => rule)))].sort().join(',')]
    .join(' ')
    .trim()

/** Brings a profile into force: drafted by the first officer, approved by two others. */
export async function enforce({ officers }: Post, fields: Record<string, unknown>): Promise<{ id: string }> {
  const rules = [{ id: 'P10', when: 'led.piecesShort > 0.0', lane: 'yellow' }]
  const profile = { name: 'of the test', rules, ...fields }
  const { id } = await officers[0].expect<{ id: string }>(201, 'POST', '/risk/profiles', profile)
  for (const by of [officers[1], officers[2]]) await by.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
  return { id }
}

/** Three of two hundred finished inspections are drawn to be done once more by somebody else: then a story goes on another way. */
export async function drawnTwice({ officers }: Post, { id }: Pick<Told, 'id'>): Promise<boolean> {
  const { checks = [] } = await officers[0].expect<Told>(200, 'GET', `/declarations/${id}`)
  return checks.some((check) => check.id === 'second_inspection' && !check.done)
}
