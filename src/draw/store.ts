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

/** Decisions whose draws rest on a shift's seed, oldest first. */
export async function findDecisions(client: Queryable, shift: string): Promise<{ position: number; body: string }[]> {
  const { rows } = await client.query<{ position: bigint; body: string }>({
    name: 'draw_decisions',
    text: `select position, body from border_act
           where kind in ('decided', 'inspected', 'inspector_drawn') and body::jsonb -> 'chance' ->> 'shift' = $1 order by position`,
    values: [shift],
  })
  return rows.map((row) => ({ position: Number(row.position), body: row.body }))
}
