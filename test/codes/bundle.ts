// What tests of codes need: a database of their own with some firms and products, and everything that is opened at the start.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createGate } from '../../src/codes/gate.ts'
import { openTailKeys } from '../../src/codes/keys.ts'
import { placeOrder, type OrderingContext, type OrderingProduct } from '../../src/codes/ordering.ts'
import { createResolver } from '../../src/codes/resolve.ts'
import { createPool } from '../../src/db/connect.ts'
import { createVault } from '../../src/db/secret.ts'
import { padGtin, type Gtin } from '../../src/gs1/identifiers.ts'
import { readCode, type Reading } from '../../src/gs1/read.ts'
import type { Actor, ParticipantRef } from '../../src/participants/actor.ts'
import { testDatabase } from '../support/database.ts'

export function gtin(text: string): Gtin {
  const { value, fault } = padGtin(text)
  if (fault) throw new Error(fault.detail)
  return value
}

export const vodka = gtin('04701234567890')
export const cigarettes = gtin('04701234567807') // Its group has signature tails.

/** What `readCode` makes of a code that the test knows to be readable. */
export function read(code: string): Reading {
  const { reading, fault } = readCode(code)
  if (fault) throw new Error(`${code}: ${fault.detail}`)
  return reading
}

export type Bundle = Awaited<ReturnType<typeof openBundle>>

/** @param teardown runs last first, as tap's does */
export async function openBundle(t: { teardown: (done: () => Promise<void>) => void }) {
  const database = await testDatabase(t)
  const fail = (error: Error) => {
    if (!/terminating connection/.test(error.message)) throw error
  }
  const pool = createPool({ url: database.appUrl, role: undefined }, fail)
  t.teardown(() => pool.end())
  const admin = new pg.Client({ connectionString: database.adminUrl })
  admin.on('error', fail)
  await admin.connect()
  t.teardown(() => admin.end())
  await admin.query('set search_path = tamga')

  const vault = createVault(randomBytes(32))
  const firm = (name: string, roles: readonly string[]) => insertFirm(admin, name, roles)
  const maker = await firm('maker', ['producer'])
  const importer = await firm('importer', ['importer'])
  const shop = await firm('shop', ['retailer'])
  const customs = await firm('customs', ['customs'])
  await insertProduct(admin, vodka, 'alcohol', maker)
  await admin.query(
    `insert into product_group (id, name, enforcement, tail, log) values ('cigars', 'Cigars', 'enforce', 'signature', 'main')`,
  )
  await insertProduct(admin, cigarettes, 'cigars', maker)

  /** A process of its own as far as codes are concerned: nothing is shared but the database. */
  const openProcess = async () => {
    const keys = await openTailKeys(pool, vault)
    const resolver = createResolver(pool, keys, { issuingState: '4' })
    const context: OrderingContext = {
      pool,
      keys,
      resolver,
      issuingState: '4',
      large: createGate(2, 10),
      findProduct: (of) => findProduct(pool, of),
    }
    return { keys, resolver, context }
  }
  const first = await openProcess()
  return {
    pool,
    admin,
    vault,
    actors: { maker, importer, shop, customs },
    openProcess,
    ...first,
    order: (actor: Actor, of: Gtin, what: number | readonly string[]) =>
      placeOrder(
        first.context,
        actor,
        typeof what === 'number' ? { gtin: of, quantity: what } : { gtin: of, serials: what },
      ),
  }
}

async function insertFirm(admin: pg.Client, name: string, roles: readonly string[]): Promise<Actor> {
  const participant = await admin.query<ParticipantRef>(
    `insert into participant (id, name, country, roles) values ($1, $1, 'KG', $2) returning no, id, name, country, roles`,
    [name, roles],
  )
  const ref = participant.rows[0]
  if (!ref) throw new Error('no participant')
  const key = await admin.query<{ no: number; id: string }>(
    `insert into api_key (id, participant_no, hash, kind, state) values ($1, $2, $3, 'system', 'active') returning no, id`,
    [`key-${name}`, ref.no, randomBytes(32)],
  )
  const { no, id } = key.rows[0] ?? { no: 0, id: '' }
  return { participant: ref, key: { no, id, kind: 'system' } }
}

const insertProduct = (admin: pg.Client, of: Gtin, group: string, owner: Actor) =>
  admin.query(
    `insert into product (gtin, owner_no, group_no, name, hs_code, origin_country)
     select $1, $2, no, 'goods', '2208', 'KG' from product_group where id = $3`,
    [of, owner.participant.no, group],
  )

async function findProduct(pool: pg.Pool, of: string): Promise<OrderingProduct | undefined> {
  const { rows } = await pool.query<OrderingProduct>(
    `select p.gtin, p.owner_no as "ownerNo", g.tail, g.log,
            array(select participant_no from product_importer i where i.product_no = p.no and withdrawn_at is null) as "importerNos"
     from product p join product_group g on g.no = p.group_no where p.gtin = $1`,
    [of],
  )
  return rows[0]
}
