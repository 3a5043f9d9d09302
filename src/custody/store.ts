import type { ClientBase } from 'pg'
import { flag, stateNo, stateOf, type Step } from './object.ts'
import type { Lot, Recall } from './lots.ts'

// The SQL of steps. Ids travel as one array literal: building it costs less than pg's own conversion of a JavaScript array.

export type StepRow = {
  object_id: bigint
  position: bigint
  state: number
  flags: number
  owner: number | null
  owner_at: bigint | null
  holder: number | null
  addressee: number | null
  sender: number | null
  parent: bigint | null
  opened: bigint | null
  contents: number | null
}

export const columns =
  's.object_id, s.position, s.state, s.flags, s.owner, s.owner_at, s.holder, s.addressee, s.sender, s.parent, s.opened, s.contents'

export const stepOf = (row: StepRow): Step => ({
  id: row.object_id,
  position: Number(row.position),
  state: stateOf(row.state),
  flags: row.flags,
  owner: row.owner,
  ownerAt: Number(row.owner_at ?? row.position),
  holder: row.holder,
  addressee: row.addressee,
  sender: row.sender,
  parent: row.parent,
  opened: row.opened === null ? null : Number(row.opened),
  contents: row.contents,
})

export type Queryable = Pick<ClientBase, 'query'>

/** The last step of each object that has one: one index descent each. */
export async function findLastSteps(client: Queryable, log: number, ids: readonly bigint[]): Promise<Step[]> {
  if (ids.length === 0) return []
  if (ids.length >= manyObjects) return findManyLastSteps(client, log, ids)
  const { rows } = await client.query<StepRow>({
    name: 'custody_last_steps',
    text: `select ${columns} ${lastSteps}`,
    values: [log, `{${ids.join(',')}}`],
  })
  return rows.map(stepOf)
}

const lastSteps = `from unnest($2::bigint[]) as wanted (id) cross join lateral
             (select * from step where log_id = $1 and object_id = wanted.id order by position desc limit 1) as s`

/** From here on it pays to let what many objects have in common travel once. */
const manyObjects = 200

const shared = columns.replace('s.object_id, ', '')

/**
 * The same for the codes of a whole document: what one event did to ten thousand units comes as one row with their ids. Codes of an
 * order lie side by side, so that one look tells that none of a row of them was ever used.
 */
async function findManyLastSteps(client: Queryable, log: number, ids: readonly bigint[]): Promise<Step[]> {
  const rows = rowsOf(ids)
  const { rows: found } = await client.query<Omit<StepRow, 'object_id'> & { ids: bigint[] }>({
    name: 'custody_many_last_steps',
    text: `select array_agg(s.object_id) as ids, ${shared}
           from unnest($3::integer[], $4::integer[], $5::bigint[], $6::bigint[]) as r (first, last, least, greatest)
           cross join lateral
             (select unnest(($2::bigint[])[r.first : r.last]) as id
              where exists (select from step where log_id = $1 and object_id between r.least and r.greatest)) as wanted
           cross join lateral
             (select * from step where log_id = $1 and object_id = wanted.id order by position desc limit 1) as s
           group by ${shared}`,
    values: [
      log,
      `{${ids.join(',')}}`,
      `{${rows.map(({ first }) => first).join(',')}}`,
      `{${rows.map(({ last }) => last).join(',')}}`,
      `{${rows.map(({ least }) => least).join(',')}}`,
      `{${rows.map(({ greatest }) => greatest).join(',')}}`,
    ],
  })
  return found.flatMap(({ ids: same, ...row }) => {
    const first = stepOf({ object_id: 0n, ...row })
    return same.map((id) => ({ ...first, id }))
  })
}

/** Objects that lie side by side in a list, by their places in it from 1, both inclusive. */
type Row = { first: number; last: number; least: bigint; greatest: bigint }

/** Ids that are further apart are of different rows, */
const gapMax = 1_000n
/** and a list of more rows than this has no order: it is looked at as one. */
const rowsMax = 16

function rowsOf(ids: readonly bigint[]): Row[] {
  const rows: Row[] = []
  let row: Row | undefined
  for (const [i, id] of ids.entries()) {
    if (row && id >= row.greatest && id - row.greatest <= gapMax) {
      row.last = i + 1
      row.greatest = id
    } else if (rows.length === rowsMax) return [wholeOf(ids)]
    else rows.push((row = { first: i + 1, last: i + 1, least: id, greatest: id }))
  }
  return rows
}

function wholeOf(ids: readonly bigint[]): Row {
  let [least, greatest] = [ids[0] ?? 0n, ids[0] ?? 0n]
  for (const id of ids) {
    if (id < least) least = id
    if (id > greatest) greatest = id
  }
  return { first: 1, last: ids.length, least, greatest }
}

type SaleRow = { sold: bigint | null; parent: bigint | null }

/**
 * The entry that sold the object, or a container that it was in: of several sales that stand beside each other the first since it
 * last was anything else than sold. Undefined where it is not sold.
 */
export async function findSale(client: Queryable, log: number, id: bigint): Promise<number | undefined> {
  let next: bigint | null = id
  while (next !== null) {
    const row: SaleRow | undefined = (
      await client.query<SaleRow>({
        name: 'custody_sale',
        text: `select (select min(position) from step where log_id = $1 and object_id = $2 and state = $3 and position > coalesce(
                       (select max(position) from step where log_id = $1 and object_id = $2 and state <> $3), -1)) as sold,
                    (select parent from step where log_id = $1 and object_id = $2 order by position desc limit 1) as parent`,
        values: [log, next, stateNo('sold')],
      })
    ).rows[0]
    if (row?.sold !== undefined && row.sold !== null) return Number(row.sold)
    next = row?.parent ?? null
  }
  return undefined
}

/** Which of these objects the entry at a position did something to, or will once what it waits for has come. */
export async function findTouched(
  client: Queryable,
  log: number,
  position: number,
  ids: readonly bigint[],
): Promise<Set<bigint>> {
  const { rows } = await client.query<{ object_id: bigint }>({
    name: 'custody_touched',
    text: `select s.object_id from unnest($3::bigint[]) as wanted (id)
           join step s on s.log_id = $1 and s.object_id = wanted.id and s.position = $2
           union all
           select o.object_id from waiting_object o
           where o.log_id = $1 and o.position = $2 and o.waits and o.object_id = any ($3::bigint[])
             and not exists (select from waiting_settled d where d.log_id = $1 and d.position = $2 and d.object_id = o.object_id
                                                             and d.settled_at = $2)`,
    values: [log, position, `{${ids.join(',')}}`],
  })
  return new Set(rows.map((row) => row.object_id))
}

/** What was packed in the container since it was opened; what left it since is among them. */
export async function findPackedSince(
  client: Queryable,
  log: number,
  container: bigint,
  opened: number,
): Promise<bigint[]> {
  const { rows } = await client.query<{ object_id: bigint }>({
    name: 'custody_packed_since',
    text: 'select distinct object_id from step where log_id = $1 and parent = $2 and position >= $3 order by object_id',
    values: [log, container, opened],
  })
  return rows.map((row) => row.object_id)
}

/** Logistic units among `ids` that live in another log. */
export async function findElsewhere(client: Queryable, log: number, ids: readonly bigint[]): Promise<bigint[]> {
  const { rows } = await client.query<{ object_id: bigint }>({
    name: 'custody_elsewhere',
    text: 'select object_id from logistic_unit_directory where object_id = any ($2::bigint[]) and log_id <> $1',
    values: [log, `{${ids.join(',')}}`],
  })
  return rows.map((row) => row.object_id)
}

export const insertLogisticUnits = (client: Queryable, log: number, ids: readonly bigint[]): Promise<unknown> =>
  client.query({
    name: 'custody_insert_logistic_units',
    text: 'insert into logistic_unit_directory (object_id, log_id) select id, $1 from unnest($2::bigint[]) as id',
    values: [log, `{${ids.join(',')}}`],
  })

export function insertSteps(client: Queryable, log: number, steps: readonly Step[]): Promise<unknown> {
  const runs = runsOf(steps)
  const column = (read: (step: Step) => bigint | number | null) =>
    `{${runs.map(({ step }) => read(step) ?? 'NULL').join(',')}}`
  return client.query({
    name: 'custody_insert_steps',
    text: `insert into step (log_id, object_id, position, state, flags, owner, owner_at, holder, addressee, sender, parent, opened, contents)
           select $1, o.id, s.position, s.state, s.flags, s.owner, s.owner_at, s.holder, s.addressee, s.sender, s.parent, s.opened,
                  s.contents
           from unnest($3::integer[], $4::integer[], $5::bigint[], $6::smallint[], $7::smallint[], $8::integer[], $9::bigint[],
                       $10::integer[], $11::integer[], $12::integer[], $13::bigint[], $14::bigint[], $15::integer[])
                  as s (first, last, position, state, flags, owner, owner_at, holder, addressee, sender, parent, opened, contents)
           cross join lateral unnest(($2::bigint[])[s.first : s.last]) as o (id)`,
    values: [
      log,
      `{${steps.map((step) => step.id).join(',')}}`,
      `{${runs.map(({ first }) => first).join(',')}}`,
      `{${runs.map(({ last }) => last).join(',')}}`,
      column((step) => step.position),
      column((step) => stateNo(step.state)),
      column((step) => step.flags),
      column((step) => step.owner),
      column((step) => (step.ownerAt === step.position || step.owner === null ? null : step.ownerAt)),
      column((step) => step.holder),
      column((step) => step.addressee),
      column((step) => step.sender),
      column((step) => step.parent),
      column((step) => step.opened),
      column((step) => step.contents),
    ],
  })
}

/** Steps after one another that differ in their object alone, as one entry does them; positions in the list from 1, both inclusive. */
function runsOf(steps: readonly Step[]): { step: Step; first: number; last: number }[] {
  const runs: { step: Step; first: number; last: number }[] = []
  let run: { step: Step; first: number; last: number } | undefined
  for (const [i, step] of steps.entries()) {
    if (run && sameBut(run.step, step)) run.last = i + 1
    else runs.push((run = { step, first: i + 1, last: i + 1 }))
  }
  return runs
}

const sameBut = (a: Step, b: Step): boolean =>
  a.position === b.position &&
  a.state === b.state &&
  a.flags === b.flags &&
  a.owner === b.owner &&
  a.ownerAt === b.ownerAt &&
  a.holder === b.holder &&
  a.addressee === b.addressee &&
  a.sender === b.sender &&
  a.parent === b.parent &&
  a.opened === b.opened &&
  a.contents === b.contents

export type NewLot = { position: number; lot: Lot; objects: string }

export const insertLots = (client: Queryable, log: number, lots: readonly NewLot[]): Promise<unknown> =>
  client.query({
    name: 'custody_insert_lots',
    text: `insert into ilmd (log_id, position, lot, production, expiry, objects)
           select $1, * from jsonb_to_recordset($2::jsonb)
             as i (position bigint, lot text, production date, expiry date, objects int8multirange)`,
    values: [log, JSON.stringify(lots.map(({ position, lot, objects }) => ({ position, ...lot, objects })))],
  })

/** Lot and dates of those objects that have any: the newest that an entry gave them, or the code that they had before. */
export async function findLots(client: Queryable, log: number, ids: readonly bigint[]): Promise<Map<bigint, Lot>> {
  const { rows } = await client.query<{
    object_id: bigint
    lot: string | null
    production: string | null
    expiry: string | null
  }>({
    name: 'custody_lots',
    text: `with recursive line (id, former) as (
             select id, id from unnest($2::bigint[]) as wanted (id)
             union
             select l.id, r.replaces from line l join replacement r on r.log_id = $1 and r.object_id = l.former
             where not exists (select from taken_back b where b.log_id = $1 and b.position = r.position)
           )
           select distinct on (l.id) l.id as object_id, i.lot, i.production, i.expiry
           from line l
           join step s on s.log_id = $1 and s.object_id = l.former
           join ilmd i on i.log_id = $1 and i.position = s.position
           where not exists (select from taken_back b where b.log_id = $1 and b.position = i.position)
           order by l.id, s.position desc`,
    values: [log, `{${ids.join(',')}}`],
  })
  return new Map(
    rows.map((row) => [
      row.object_id,
      {
        ...(row.lot === null ? {} : { lot: row.lot }),
        ...(row.production === null ? {} : { production: row.production }),
        ...(row.expiry === null ? {} : { expiry: row.expiry }),
      },
    ]),
  )
}

/** Recalls and blocks in force that could concern these GTINs or objects. */
export async function findRecalls(
  client: Queryable,
  gtins: readonly string[],
  ids: readonly bigint[],
): Promise<Recall[]> {
  const { rows } = await client.query<{
    gtin: string | null
    lot: string | null
    object_id: bigint | null
    at: Date
    name: string
    participant: number
    reason: string
  }>({
    name: 'custody_recalls',
    text: `select r.gtin, r.lot, r.object_id, r.at, p.name, r.participant, r.reason
           from recall r join participant p on p.no = r.participant
           where (r.gtin = any ($1::text[]) or r.object_id = any ($2::bigint[]))
             and not exists (select from recall_end e where e.recall_no = r.no)
           order by r.no`,
    values: [`{${gtins.join(',')}}`, `{${ids.join(',')}}`],
  })
  return rows.map((row) => ({
    gtin: row.gtin,
    lot: row.lot,
    objectId: row.object_id,
    at: row.at,
    by: row.name,
    participant: row.participant,
    reason: row.reason,
  }))
}

/** Who set the hold that objects are under by themselves: whoever recorded the first of their last steps that have it. */
export async function findHoldsOf(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
): Promise<Map<bigint, number>> {
  const { rows } = await client.query<{ id: bigint; by: number }>({
    name: 'custody_holds',
    text: `select w.id, coalesce(e.principal, e.participant) as by from unnest($2::bigint[]) as w (id)
           cross join lateral (select min(position) as position from step
                               where log_id = $1 and object_id = w.id and flags & $3 <> 0 and position > coalesce(
                                 (select max(position) from step where log_id = $1 and object_id = w.id and flags & $3 = 0), -1)) s
           join entry e on e.log_id = $1 and e.position = s.position`,
    values: [log, `{${ids.join(',')}}`, flag.held],
  })
  return new Map(rows.map((row) => [row.id, row.by]))
}

/** The GTINs of units, by the order that their ids come from, or as they were brought along. */
export async function findGtins(client: Queryable, ids: readonly bigint[]): Promise<Map<bigint, string>> {
  const { rows } = await client.query<{ id: bigint; gtin: string }>({
    name: 'custody_gtins',
    text: `select w.id, coalesce(f.gtin, o.gtin) as gtin from unnest($1::bigint[]) as w (id)
           left join foreign_serial f on f.unit_id = w.id
           left join code_order o on o.no = w.id >> 21
           where coalesce(f.gtin, o.gtin) is not null`,
    values: [`{${ids.join(',')}}`],
  })
  return new Map(rows.map((row) => [row.id, row.gtin]))
}

export type NewTransit = {
  position: number
  recordTime: Date
  sender: number
  addressee: number
  carrier: number | null
  documents: readonly string[]
}

export const insertTransits = (client: Queryable, log: number, transits: readonly NewTransit[]): Promise<unknown> =>
  client.query({
    name: 'custody_insert_transits',
    text: `insert into transit (log_id, position, record_time, sender, addressee, carrier, documents)
           select $1, * from jsonb_to_recordset($2::jsonb)
             as t (position bigint, record_time timestamptz, sender integer, addressee integer, carrier integer, documents text[])`,
    values: [
      log,
      JSON.stringify(transits.map(({ recordTime, ...transit }) => ({ ...transit, record_time: recordTime }))),
    ],
  })
