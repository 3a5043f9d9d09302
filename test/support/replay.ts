// A second, simpler ledger: it replays what the recorded entries say and compares where everything stands with the step table.
// It shares no code with custody and works the other way round: a container's fate is written down for everything in it, at once.
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import pg from 'pg'

const inflate = promisify(inflateRaw)
import { type Entry, Model, orderUri, type Parties, type Place, stateNames } from './replay-model.ts'

export type ReplayReport = {
  entries: number
  compared: number
  /** Objects that a finding doubts: an accepted contradiction moves things in ways that only the judge knows. */
  skipped: number
}

/**
 * Replays every log and compares with the last steps. Throws with the first differences.
 * @param url a connection that may read the schema tamga
 */
export async function checkReplay(url: string): Promise<ReplayReport> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=tamga' })
  client.on('error', () => undefined)
  await client.connect()
  await client.query('begin isolation level repeatable read read only')
  try {
    const parties = await readParties(client)
    const report = { entries: 0, compared: 0, skipped: 0 }
    const { rows: logs } = await client.query<{ id: number }>('select id from log order by id')
    for (const { id: log } of logs) {
      const model = new Model(parties)
      const tainted = await readDoubted(client, log)
      report.entries += await replay(client, log, model)
      const { compared, skipped } = await compare(client, log, model, tainted)
      report.compared += compared
      report.skipped += skipped
    }
    return report
  } finally {
    await client.end()
  }
}

async function replay(client: pg.Client, log: number, model: Model): Promise<number> {
  const { rows } = await client.query<{ position: string; bytes: Buffer; moves: boolean }>(
    `select position::text, bytes, exists (select from step s where s.log_id = $1 and s.position = e.position) as moves
     from entry e where log_id = $1 order by e.position`,
    [log],
  )
  const entries = rows.map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as Entry | { act: unknown })
  const events = entries.flatMap((entry) => ('act' in entry ? [] : [entry.event]))
  const takenBack = new Set(events.filter((event) => event.errorDeclaration).map((event) => event.eventID))
  for (const [i, { position, bytes, moves }] of rows.entries()) {
    const entry = entries[i]
    if (!entry || 'act' in entry) continue // An act of administration moves nothing.
    if (takenBack.has(entry.event.eventID)) continue // As if it had not been: it and its declaration.
    if (entry.waiting === 'all') continue
    // What waited and came too late, or came to nothing, is told by an entry and moves nothing: only the judge knows why.
    if (entry.settles !== undefined && !moves) continue
    const waiting = new Set(entry.waiting)
    for (const field of ['epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'] as const) {
      const list = await wholeList(client, entry.event[field])
      entry.event[field] = list.filter((code) => !waiting.has(code))
    }
    try {
      model.apply(entry)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`the entry at ${position} of log ${log} cannot be replayed: ${why}: ${bytes.toString()}`)
    }
  }
  return rows.length
}

/** A long list stands beside its entry, which has its digest. */
async function wholeList(client: pg.Client, list: unknown): Promise<string[]> {
  if (list === undefined) return []
  if (Array.isArray(list)) return list as string[]
  const { sha256 } = list as { sha256: string }
  const { rows } = await client.query<{ bytes: Buffer }>('select bytes from code_list where digest = $1', [
    Buffer.from(sha256, 'hex'),
  ])
  if (!rows[0]) throw new Error(`an entry names the list ${sha256}, which is not there`)
  return (await inflate(rows[0].bytes)).toString('utf8').trimEnd().split('\n')
}

async function readParties(client: pg.Client): Promise<Parties> {
  const { rows } = await client.query<{ no: number; id: string; gln: string | null; customs: boolean }>(
    `select no, id, gln, 'customs' = any (roles) as customs from participant`,
  )
  const numbers = new Map<string, number>()
  for (const { no, id, gln } of rows) {
    numbers.set(`urn:tamga:participant:${id}`, no)
    if (gln !== null) numbers.set(`https://id.gs1.org/417/${gln}`, no)
  }
  const customs = new Set(rows.filter((row) => row.customs).map((row) => row.no))
  return { byUri: (uri) => numbers.get(uri), isCustoms: (no) => customs.has(no) }
}

/** Everything that was accepted with a doubt, and whatever was ever packed with it. */
async function readDoubted(client: pg.Client, log: number): Promise<Set<string>> {
  const { rows } = await client.query<{ id: string }>(
    `with recursive doubted (id) as (
       select object_id from finding_object o join finding f on f.no = o.finding_no where f.kind <> 'refused' and f.log_id = $1
       union
       select case when s.object_id = d.id then s.parent else s.object_id end
       from doubted d join step s on s.log_id = $1 and s.parent is not null and (s.object_id = d.id or s.parent = d.id)
     ) select id::text from doubted`,
    [log],
  )
  return new Set(rows.map((row) => row.id))
}

// What D5 says, in SQL: the outermost container decides where a thing is, the newest owner of the chain whose it is, and what has
// left for good stays so, its own word before its containers'.
export const standings = `
  with recursive last as (
    select distinct on (object_id) object_id, position, state, flags, owner, coalesce(owner_at, position) as owner_at, holder,
           addressee, parent
    from step where log_id = $1 order by object_id, position desc
  ), chain as (
    select object_id as id, 0 as level, last.* from last
    union all
    select c.id, c.level + 1, l.* from chain c join last l on l.object_id = c.parent where c.level < 20
  )
  select own.object_id::text as id, own.parent::text as parent,
         (select state from chain c where c.id = own.object_id and (state between 4 and 8 or level = 0)
          order by (state between 4 and 8) desc, level limit 1) as state,
         (select owner from chain c where c.id = own.object_id order by owner is null, owner_at desc, level limit 1) as owner,
         outer_.holder, outer_.addressee, outer_.flags & 1 = 1 as under_way
  from last own cross join lateral (select * from chain c where c.id = own.object_id order by level desc limit 1) as outer_`

export type StandingRow = {
  id: string
  parent: string | null
  state: number
  owner: number | null
  holder: number | null
  addressee: number | null
  under_way: boolean
}

async function compare(
  client: pg.Client,
  log: number,
  model: Model,
  tainted: ReadonlySet<string>,
): Promise<{ compared: number; skipped: number }> {
  const ids = await readIds(client, [...model.things.keys()])
  const { rows } = await client.query<StandingRow>(standings, [log])
  const stored = new Map(rows.map((row) => [row.id, row]))
  const differences: string[] = []
  let compared = 0
  for (const code of model.things.keys()) {
    const id = ids.get(code)
    if (id === undefined) throw new Error(`nobody knows the code ${code} of an entry`)
    const row = stored.get(id)
    stored.delete(id)
    if (tainted.has(id)) continue
    if (model.unmade.has(code)) differences.push(`${code}: moved, though nothing ever made it`)
    compared++
    const wanted: Place = model.place(code)
    if (wanted.parent !== null) wanted.parent = ids.get(wanted.parent) ?? ''
    const found = row && placeOf(row)
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      differences.push(`${code}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
    }
  }
  for (const [id, { state }] of stored)
    // State 0: what it was used for was taken back, and the code is as new.
    if (!tainted.has(id) && state !== 0) differences.push(`object ${id} has steps that no entry explains`)
  if (differences.length > 0) {
    throw new Error(`log ${log}: ${differences.length} objects differ:\n${differences.slice(0, 5).join('\n')}`)
  }
  return { compared, skipped: tainted.size }
}

export const placeOf = (row: StandingRow): Place => ({
  state: stateNames[row.state] ?? String(row.state),
  owner: row.owner,
  holder: row.holder,
  parent: row.parent,
  underWay: row.under_way,
  addressee: row.addressee,
})

/** The numbers that codes have in the step table, found the slow way. */
export async function readIds(client: pg.Client, codes: readonly string[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  const orders = new Map<number, Map<string, string>>()
  for (const code of codes) {
    const [, gtin = '', serial = ''] = /^https:\/\/id\.gs1\.org\/01\/(\d{14})\/21\/(.+)$/.exec(code) ?? []
    if (code.startsWith('https://id.gs1.org/00/')) ids.set(code, `-${BigInt(code.slice(-18))}`)
    else if (code.startsWith(orderUri)) ids.set(code, await orderObject(client, code.slice(orderUri.length)))
    else {
      const found = (await foreign(client, gtin, decodeURIComponent(serial))) ?? (await own(client, serial, orders))
      if (found !== undefined) ids.set(code, found)
    }
  }
  return ids
}

async function orderObject(client: pg.Client, id: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'select (no::bigint << 21)::text as id from code_order where id = $1',
    [id],
  )
  return rows[0]?.id ?? ''
}

async function foreign(client: pg.Client, gtin: string, serial: string): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    'select unit_id::text as id from foreign_serial where gtin = $1 and serial = $2',
    [gtin, serial],
  )
  return rows[0]?.id
}

async function own(
  client: pg.Client,
  serial: string,
  orders: Map<number, Map<string, string>>,
): Promise<string | undefined> {
  const order = Number.parseInt(serial.slice(1, 7), 36)
  let ranks = orders.get(order)
  if (!ranks) {
    orders.set(order, (ranks = new Map()))
    const { rows } = await client.query<{ randoms: string }>(
      'select randoms from code_block where order_no = $1 order by block',
      [order],
    )
    const all = rows.map((row) => row.randoms).join('')
    for (let i = 0; i * 8 < all.length; i++) {
      ranks.set(all.slice(i * 8, i * 8 + 8), String(BigInt(order) * 2n ** 21n + 1n + BigInt(i)))
    }
  }
  return ranks.get(serial.slice(7))
}
