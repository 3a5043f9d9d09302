// All SQL about codes. Statements of the hot paths are named, so that each connection parses and plans them once;
// lists of plain characters travel as array literals, which pg would otherwise build element by element.
import type { ClientBase, Pool, PoolClient } from 'pg'
import type { TailKind } from './tail.ts'

/** A pool or one connection of it. */
export type Connection = Pick<ClientBase, 'query'>

/** Runs `work` in a transaction of its own; whatever it throws undoes all of it. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    // A connection that cannot even roll back is thrown away; the error that matters is the first one.
    await client.query('rollback').catch(() => (broken = true))
    throw error
  } finally {
    client.release(broken)
  }
}

export type OrderOrigin = 'own' | 'brought'

export type OrderRow = {
  no: number
  id: string
  gtin: string
  participant_no: number
  quantity: number
  origin: OrderOrigin
  log: string
  tail_key_no: number
}

const orderColumns = 'no, id, gtin, participant_no, quantity, origin, log, tail_key_no'

export async function findOrders(db: Connection, orderNos: readonly number[]): Promise<OrderRow[]> {
  const { rows } = await db.query<OrderRow>({
    name: 'codes_orders',
    text: `select ${orderColumns} from code_order where no = any ($1::int[])`,
    values: [`{${orderNos.join(',')}}`],
  })
  return rows
}

export type BlockFirsts = { order_no: number; firsts: string }

/** Of each order the first random parts of its blocks, in order of the blocks, packed like a block. */
export async function findBlockFirsts(db: Connection, orderNos: readonly number[]): Promise<BlockFirsts[]> {
  const { rows } = await db.query<BlockFirsts>({
    name: 'codes_firsts',
    text: `select order_no, string_agg(first, '' order by block) as firsts from code_block
           where order_no = any ($1::int[]) group by order_no`,
    values: [`{${orderNos.join(',')}}`],
  })
  return rows
}

export type BlockRow = { order_no: number; block: number; randoms: string }

/** The blocks `blocks[i]` of the orders `orderNos[i]`. */
export async function findBlocks(
  db: Connection,
  orderNos: readonly number[],
  blocks: readonly number[],
): Promise<BlockRow[]> {
  const { rows } = await db.query<BlockRow>({
    name: 'codes_blocks',
    text: `select b.order_no, b.block, b.randoms
           from unnest($1::int[], $2::int[]) as wanted (order_no, block)
           join code_block b on b.order_no = wanted.order_no and b.block = wanted.block`,
    values: [`{${orderNos.join(',')}}`, `{${blocks.join(',')}}`],
  })
  return rows
}

/** What a serial that is not ours stands for; `n` is its place in the lists asked for, from 1. */
export type ForeignRow = { n: number; unit_id: bigint; order_no: number | null }

export async function findForeign(
  db: Connection,
  gtins: readonly string[],
  serials: readonly string[],
): Promise<ForeignRow[]> {
  const { rows } = await db.query<ForeignRow>({
    name: 'codes_foreign',
    text: `select n::int, f.unit_id, f.order_no
           from unnest($1::text[], $2::text[]) with ordinality as wanted (gtin, serial, n)
           join foreign_serial f on f.gtin = wanted.gtin and f.serial = wanted.serial`,
    values: [gtins, serials],
  })
  return rows
}

export type ForeignName = { unit_id: bigint; gtin: string; serial: string }

export async function findForeignNames(db: Connection, ids: readonly bigint[]): Promise<ForeignName[]> {
  const { rows } = await db.query<ForeignName>({
    name: 'codes_foreign_names',
    text: `select unit_id, gtin, serial from foreign_serial where unit_id = any ($1::bigint[])`,
    values: [`{${ids.join(',')}}`],
  })
  return rows
}

/** The serials brought along with an order whose ids lie in [from, to), in order of the ids. */
export async function listForeignNames(db: Connection, from: bigint, to: bigint): Promise<ForeignName[]> {
  const { rows } = await db.query<ForeignName>({
    name: 'codes_foreign_range',
    text: `select unit_id, gtin, serial from foreign_serial where unit_id >= $1 and unit_id < $2 order by unit_id`,
    values: [from, to],
  })
  return rows
}

/**
 * Gives each unit that is not known yet an id of its own. Callers sort, so that two of them queue up instead of deadlocking.
 * A serial that another transaction is writing right now makes us wait for its outcome.
 */
export async function insertClaimed(
  db: Connection,
  gtins: readonly string[],
  serials: readonly string[],
): Promise<void> {
  await db.query({
    name: 'codes_claim',
    text: `insert into foreign_serial (gtin, serial, unit_id)
           select gtin, serial, nextval('claimed_unit_id') from unnest($1::text[], $2::text[]) as claimed (gtin, serial)
           on conflict do nothing`,
    values: [gtins, serials],
  })
}

export type NewOrder = {
  id: string
  gtin: string
  participantNo: number
  keyNo: number
  personNo: number | undefined
  mandateNo: number | undefined
  quantity: number
  origin: OrderOrigin
  log: string
  tailKeyNo: number
}

export async function insertOrder(db: Connection, order: NewOrder): Promise<{ no: number; created_at: Date }> {
  const { rows } = await db.query<{ no: number; created_at: Date }>(
    `insert into code_order (id, gtin, participant_no, key_no, person_no, mandate_no, quantity, origin, log, tail_key_no)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning no, created_at`,
    [
      order.id,
      order.gtin,
      order.participantNo,
      order.keyNo,
      order.personNo ?? null,
      order.mandateNo ?? null,
      order.quantity,
      order.origin,
      order.log,
      order.tailKeyNo,
    ],
  )
  if (!rows[0]) throw new Error('insert … returning answered nothing')
  return rows[0]
}

/** Consecutive blocks from `firstBlock`, each as packBlock gives it. */
export async function insertBlocks(
  db: Connection,
  orderNo: number,
  firstBlock: number,
  blocks: readonly string[],
): Promise<void> {
  await db.query({
    name: 'codes_insert_blocks',
    text: `insert into code_block (order_no, block, first, randoms)
           select $1, $2::int + n - 1, left(randoms, 8), randoms
           from unnest($3::text[]) with ordinality as blocks (randoms, n)`,
    values: [orderNo, firstBlock, `{${blocks.join(',')}}`],
  })
}

/**
 * Serials brought along, with their ids; those that the GTIN knows already are left out.
 * @returns how many were new
 */
export async function insertBrought(
  db: Connection,
  gtin: string,
  orderNo: number,
  serials: readonly string[],
  ids: readonly bigint[],
): Promise<number> {
  const { rowCount } = await db.query({
    name: 'codes_insert_brought',
    text: `insert into foreign_serial (gtin, serial, unit_id, order_no)
           select $1, serial, unit_id, $2 from unnest($3::text[], $4::bigint[]) as brought (serial, unit_id)
           on conflict (gtin, serial) do nothing`,
    values: [gtin, orderNo, serials, `{${ids.join(',')}}`],
  })
  return rowCount ?? 0
}

/** Until the end of the transaction no other order brings serials of this GTIN along. */
export const lockGtin = (db: Connection, gtin: string): Promise<unknown> =>
  db.query(`select pg_advisory_xact_lock(hashtext('tamga serials'), hashtext($1))`, [gtin])

export type TailKeyRow = {
  no: number
  id: string
  kind: TailKind
  secret: Buffer
  public_key: Buffer | null
  created_at: Date
}

export async function listTailKeys(db: Connection): Promise<TailKeyRow[]> {
  const { rows } = await db.query<TailKeyRow>(
    'select no, id, kind, secret, public_key, created_at from tail_key order by no',
  )
  return rows
}

export async function findTailKeys(db: Connection, nos: readonly number[]): Promise<TailKeyRow[]> {
  const { rows } = await db.query<TailKeyRow>({
    name: 'codes_tail_keys',
    text: 'select no, id, kind, secret, public_key, created_at from tail_key where no = any ($1::int[])',
    values: [`{${nos.join(',')}}`],
  })
  return rows
}

/** The number of the newest key of a kind: the active one. */
export async function newestTailKey(db: Connection, kind: TailKind): Promise<number | undefined> {
  const { rows } = await db.query<{ no: number }>({
    name: 'codes_newest_tail_key',
    text: 'select no from tail_key where kind = $1 order by no desc limit 1',
    values: [kind],
  })
  return rows[0]?.no
}

/** Until the end of the transaction no other process makes tail keys. */
export const lockTailKeys = (db: Connection): Promise<unknown> =>
  db.query(`select pg_advisory_xact_lock(hashtext('tamga tail keys'))`)

export async function insertTailKey(
  db: Connection,
  key: { id: string; kind: TailKind; secret: Buffer; publicKey: Buffer | null; createdBy: number | null },
): Promise<TailKeyRow> {
  const { rows } = await db.query<TailKeyRow>(
    `insert into tail_key (id, kind, secret, public_key, created_by) values ($1, $2, $3, $4, $5)
     returning no, id, kind, secret, public_key, created_at`,
    [key.id, key.kind, key.secret, key.publicKey, key.createdBy],
  )
  if (!rows[0]) throw new Error('insert … returning answered nothing')
  return rows[0]
}
