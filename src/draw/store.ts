import type { ClientBase } from 'pg'

type Queryable = Pick<ClientBase, 'query'>

export type SeedRow = { shift: string; from: Date; until: Date; commitment: Buffer; secret: Buffer; position: number }

type Raw = { shift: string; from_time: Date; until_time: Date; commitment: Buffer; secret: Buffer; position: bigint }
const seedRow = (row: Raw): SeedRow => ({
  shift: row.shift,
  from: row.from_time,
  until: row.until_time,
  commitment: row.commitment,
  secret: row.secret,
  position: Number(row.position),
})

const columns = 'shift, from_time, until_time, commitment, secret, position'

export async function findSeed(client: Queryable, shift: string): Promise<SeedRow | undefined> {
  const { rows } = await client.query<Raw>({
    name: 'draw_seed',
    text: `select ${columns} from draw_seed where shift = $1`,
    values: [shift],
  })
  return rows[0] && seedRow(rows[0])
}

export const insertSeed = (client: Queryable, row: SeedRow): Promise<unknown> =>
  client.query({
    name: 'draw_insert_seed',
    text: `insert into draw_seed (${columns}) values ($1, $2, $3, $4, $5, $6)`,
    values: [row.shift, row.from, row.until, row.commitment, row.secret, row.position],
  })

/** Shifts that are over and whose seed was not revealed yet. */
export async function findUnrevealed(client: Queryable, now: Date): Promise<SeedRow[]> {
  const { rows } = await client.query<Raw>({
    name: 'draw_unrevealed',
    text: `select ${columns} from draw_seed s
           where until_time <= $1 and not exists (select from border_act a where a.kind = 'seed_revealed' and a.subject = s.shift)
           order by shift`,
    values: [now],
  })
  return rows.map(seedRow)
}

/** Shifts, the newest first, with the body of the act that revealed the seed. */
export async function listSeeds(
  client: Queryable,
  before: number | undefined,
  max: number,
): Promise<(SeedRow & { revealed: string | null })[]> {
  const { rows } = await client.query<Raw & { revealed: string | null }>({
    name: 'draw_seeds',
    text: `select ${columns}, (select body from border_act a where a.subject = s.shift and a.kind = 'seed_revealed') as revealed
           from draw_seed s where ($1::bigint is null or position < $1) order by position desc limit $2`,
    values: [before ?? null, max],
  })
  return rows.map((row) => ({ ...seedRow(row), revealed: row.revealed }))
}

/** The newest act about a shift that is over; undefined while it lasts. */
export async function findNewestAct(client: Queryable, shift: string): Promise<number | undefined> {
  const { rows } = await client.query<{ newest: bigint | null }>({
    name: 'draw_newest_act',
    text: `select max(position) filter (where exists (select from border_act r where r.subject = $1 and r.kind = 'seed_revealed')) as newest
           from border_act where subject = $1`,
    values: [shift],
  })
  return rows[0]?.newest === null ? undefined : Number(rows[0]?.newest)
}

// An act that draws could have been in (none says so too: nothing was left out), its declaration known to its declarant: until the goods are there nobody may learn their lane from a list.
const drawn = `
  from border_act a cross join lateral (select a.body::jsonb as body) as b
  where a.kind in ('decided', 'inspected', 'inspector_drawn')
    and not exists (select from draw_listed l where l.position = a.position)
    and b.body ? 'chance'`
const isTold = `exists (select from border_act p where p.subject = a.subject and p.kind in ('presented', 'released', 'outcome'))`

/** How many acts with draws on each shift's seed are in no list yet, and how many of them may be. */
export async function countUnlisted(client: Queryable): Promise<{ shift: string; due: number; held: number }[]> {
  const { rows } = await client.query<{ shift: string; due: number; held: number }>({
    name: 'draw_count_unlisted',
    text: `select b.body -> 'chance' ->> 'shift' as shift, count(*) filter (where ${isTold})::int as due,
                  count(*) filter (where not ${isTold})::int as held ${drawn} group by 1 order by 1`,
  })
  return rows
}

export type DrawnRow = { position: number; at: Date; lodgedAt: Date | null; body: string }

/** Acts with draws on a shift's seed that are in no list yet and may be, oldest first. */
export async function findUnlisted(client: Queryable, shift: string, max: number): Promise<DrawnRow[]> {
  const { rows } = await client.query<Omit<DrawnRow, 'position' | 'lodgedAt'> & { position: bigint; lodged_at: Date }>({
    name: 'draw_unlisted',
    text: `select a.position, a.at, a.body, (select v.at as lodged_at from border_act v
                   where v.subject = b.body -> 'chance' ->> 'declaration' and v.kind in ('lodged', 'amended')
                     and v.body::jsonb ->> 'digest' = b.body -> 'chance' ->> 'digest' order by v.position limit 1)
           ${drawn} and b.body -> 'chance' ->> 'shift' = $1 and ${isTold} order by a.position limit $2`,
    values: [shift, max],
  })
  return rows.map(({ position, lodged_at: lodgedAt, ...row }) => ({ ...row, position: Number(position), lodgedAt }))
}

export const insertListed = (client: Queryable, list: number, positions: readonly number[]): Promise<unknown> =>
  client.query({
    name: 'draw_insert_listed',
    text: 'insert into draw_listed (position, list) select unnest($2::bigint[]), $1 on conflict do nothing',
    values: [list, `{${positions.join(',')}}`],
  })

export type ShareRow = { participant: number; secret: Buffer; position: number }

export async function insertShare(
  client: Queryable,
  row: ShareRow & { shift: string; commitment: Buffer },
): Promise<void> {
  await client.query({
    name: 'draw_insert_share',
    text: 'insert into draw_share (shift, participant, commitment, secret, position) values ($1, $2, $3, $4, $5)',
    values: [row.shift, row.participant, row.commitment, row.secret, row.position],
  })
}

/** What institutions handed in for a shift, in the order in which they did. */
export async function listShares(client: Queryable, shift: string): Promise<ShareRow[]> {
  const { rows } = await client.query<{ participant: number; secret: Buffer; position: bigint }>({
    name: 'draw_shares',
    text: 'select participant, secret, position from draw_share where shift = $1 order by position',
    values: [shift],
  })
  return rows.map((row) => ({ ...row, position: Number(row.position) }))
}

export type ListRow = { position: number; body: string }

/** Everything about a shift but its lists, oldest first. */
export async function listShiftActs(client: Queryable, shift: string): Promise<(ListRow & { kind: string })[]> {
  const { rows } = await client.query<Omit<ListRow, 'position'> & { kind: string; position: bigint }>({
    name: 'draw_shift_acts',
    text: `select position, kind, body from border_act where subject = $1 and kind <> 'draws_listed' order by position`,
    values: [shift],
  })
  return rows.map((row) => ({ ...row, position: Number(row.position) }))
}

/** Lists of a shift after a position: as many as fit into so many characters, and one at least. */
export async function findLists(
  client: Queryable,
  shift: string,
  after: number,
  charactersMax: number,
): Promise<{ lists: ListRow[]; more: boolean }> {
  const { rows } = await client.query<{ position: bigint; body: string; more: boolean }>({
    name: 'draw_lists',
    text: `select position, body, newest > max(position) over () as more
           from (select position, body, max(position) over () as newest,
                        sum(length(body)) over (order by position) as sum, row_number() over (order by position) as nth
                 from border_act where subject = $1 and kind = 'draws_listed' and position > $2) as l
           where nth = 1 or sum <= $3 order by position`,
    values: [shift, after, charactersMax],
  })
  return {
    lists: rows.map(({ position, body }) => ({ position: Number(position), body })),
    more: rows[0]?.more ?? false,
  }
}
