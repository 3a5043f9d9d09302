// Everybody tries everything, in any order: whoever he is, no call releases what was not looked at.
import pg from 'pg'
import type { Caller, Method, TestApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { mulberry32 } from '../support/random.ts'
import { declaration, load, type Post, type Told } from './load.ts'

type Actor = Caller & { name: string }

export async function everybody(app: TestApp, border: Post): Promise<Actor[]> {
  const firms = await Promise.all(
    (['carrier', 'warehouse', 'broker', 'retailer', 'agency', 'auditor', 'partner'] as const).map(async (role) => ({
      ...(await given.participant(app, { roles: [role] })),
      name: role,
    })),
  )
  return [
    { ...border.maker, name: 'maker' },
    { ...border.importer, name: 'importer' },
    { ...app.operator, name: 'operator' },
    { ...app.anonymous, name: 'nobody' },
    ...firms,
    // Officers several times: they are the ones who get far.
    ...[...border.officers, ...border.officers, ...border.officers].map((officer, i) => ({
      ...officer,
      name: `officer ${i % 4}`,
    })),
  ]
}

export type Walk = { tries: number; statuses: Map<number, number>; released: number }

export async function walk(app: TestApp, border: Post, tries: number, seed: number): Promise<Walk> {
  const random = mulberry32(seed)
  const of = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const actors = await everybody(app, border)
  const loads = await Promise.all([load(border, 12), load(border, 12), load(border, 30)])
  const ids: string[] = []
  const bodies = new Map<string, unknown>()
  const statuses = new Map<number, number>()
  const make = () =>
    declaration(
      random() < 0.2 ? [] : [of(loads).sscc],
      of([12, 12, 11, 13, 30]),
      {},
      { originCountry: of(['KG', 'KG', 'KZ']), hsCode: of(['2208601100', '2208', '2009', '9403']) },
    )
  const until = () => new Date(Date.now() + (random() - 0.1) * 86_400_000).toISOString()
  /** What an honest inspector would send, or less. */
  const inspection = async (id: string) => {
    const told = await border.officers[0].call('GET', `/declarations/${id}`)
    const { checks = [] } = told.json<Told>()
    const units = [...new Set(checks.flatMap(({ units: drawn = [] }) => drawn))]
    const scanned = units
      .filter(() => random() < 0.98)
      .map((code) => ({ code, found: random() < 0.97 ? 'found' : 'missing' }))
    return {
      result: of(['conforms', 'conforms', 'differs']),
      scanned,
      notes: '',
      ...(random() < 0.5 ? { photos: ['p'], witness: of(border.officers).person } : {}),
      ...(random() < 0.2
        ? { checks: [of(['documents', 'goods', 'marking', 'second_inspection', 'witness', 'count', 'nothing'])] }
        : {}),
    }
  }
  const attempt = async (): Promise<[Method, string, unknown?]> => {
    const id = of(ids)
    const path = `/declarations/${id}`
    switch (
      of([
        'inspections',
        'inspections',
        'release',
        'release',
        'release',
        'raises',
        'presentations',
        'outcomes',
        'versions',
        'else',
      ] as const)
    ) {
      case 'inspections':
        return ['POST', `${path}/inspections`, await inspection(id)]
      case 'release':
        return ['POST', `${path}/release`]
      case 'raises':
        return [
          'POST',
          `${path}/raises`,
          { lane: of(['blue', 'yellow', 'red', 'green']), reason: 'information', until: until() },
        ]
      case 'presentations':
        return [
          'POST',
          `${path}/presentations`,
          { office: 'KG-OSH', vehicle: 'X', ...(random() < 0.3 ? { codes: [of(loads).sscc] } : {}) },
        ]
      case 'outcomes':
        return [
          'POST',
          `${path}/outcomes`,
          {
            outcome: of([
              'cleared',
              'exited',
              'arrived',
              ...(random() < 0.05 ? ['withdrawn', 'returned', 'seized'] : []),
            ]),
          },
        ]
      case 'versions':
        return [
          'POST',
          `${path}/versions`,
          { ...make(), reference: (bodies.get(id) as { reference: string }).reference },
        ]
      case 'else':
        return [
          of(['PATCH', 'PUT', 'DELETE', 'GET', 'POST'] as const),
          of([path, `${path}/release`, `${path}/checks`, `${path}/lane`, `${path}/decisions`]),
          { lane: 'green' },
        ]
    }
  }
  for (let i = 0; i < tries; i++) {
    if (ids.length < 3 || random() < 0.03) {
      const body = make()
      const lodged = await border.maker.call('POST', '/declarations', body)
      if (lodged.statusCode === 201) {
        const { id } = lodged.json<Told>()
        ids.push(id)
        bodies.set(id, body)
      }
      if (ids.length > 12) ids.shift()
      continue
    }
    const [method, url, body] = await attempt()
    const { statusCode } = await of(actors).call(method, url, body)
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
    if (statusCode >= 500) throw new Error(`${method} ${url}: ${statusCode}`)
  }
  return { tries, statuses, released: await countReleased(app) }
}

async function query<Row extends pg.QueryResultRow>(app: TestApp, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: app.database.adminUrl, options: '-c search_path=tamga' })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

const countReleased = async (app: TestApp): Promise<number> =>
  (await query<{ n: number }>(app, `select count(*)::int as n from border_act where kind = 'released'`))[0]?.n ?? 0

/**
 * Releases that should not be there, by questions of their own to what was stored: they share no code with what releases.
 * @returns a sentence for each
 */
export async function wrongReleases(app: TestApp): Promise<string[]> {
  const wrong = async (what: string, text: string) =>
    (await query<{ subject: string; position: bigint }>(app, text)).map(
      ({ subject, position }) => `${subject} at ${position}: ${what}`,
    )
  const hardness = `case %s ->> 'lane' when 'red' then 3 when 'yellow' then 2 when 'blue' then 1 else 0 end`
  const lane = (body: string) => hardness.replace('%s', body)
  const before = `(select max(${lane('a.body::jsonb')}) from border_act a where a.subject = r.subject and a.kind in ('decided', 'raised') and a.position < r.position)`
  const released = `from border_act r where r.kind = 'released'`
  const inspectedSince = (
    kinds: string,
  ) => `exists (select from border_act i where i.subject = r.subject and i.kind = 'inspected' and i.position < r.position
      and i.position > (select min(d.position) from border_act d where d.subject = r.subject and d.kind in (${kinds}) and ${lane('d.body::jsonb')} >= 2))`
  return [
    ...(await wrong(
      'by the machine, above blue',
      `select subject, position ${released} and (body::jsonb -> 'automatic')::boolean and ${before} > 1`,
    )),
    ...(await wrong(
      'nobody inspected it',
      `select subject, position ${released} and ${before} >= 2 and not ${inspectedSince(`'decided', 'raised'`)}`,
    )),
    ...(await wrong(
      'on hold',
      `select subject, position ${released} and (select (d.body::jsonb -> 'hold')::boolean from border_act d
        where d.subject = r.subject and d.kind = 'decided' and d.position < r.position order by d.position desc limit 1)`,
    )),
    ...(await wrong(
      'red, by fewer than two who did not inspect',
      `select subject, position ${released} and ${before} >= 3 and (select count(distinct v.person) from border_act v
        where v.subject = r.subject and v.kind = 'release_voted' and v.position < r.position and v.person is not null
          and v.person not in (select i.person from border_act i where i.subject = r.subject and i.kind = 'inspected' and i.position < v.position)) < 2`,
    )),
    ...(await wrong(
      'a lane was lowered',
      `select subject, position ${released} and ${lane('r.body::jsonb')} < ${before}`,
    )),
  ]
}
