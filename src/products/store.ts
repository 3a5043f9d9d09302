// All SQL about product groups, products and who imports them.
import { sql } from 'kysely'
import type { Db, Tx } from '../db/connect.ts'

export type Enforcement = 'observe' | 'enforce'
export type TailKind = 'mac' | 'signature'
export type GroupRow = { no: number; id: string; name: string; enforcement: Enforcement; tail: TailKind; log: string }

const groupColumns = sql`no, id, name, enforcement, tail, log`

/** Adds a product group; undefined if its id is taken. */
export async function insertGroup(tx: Tx, group: Omit<GroupRow, 'no'>): Promise<GroupRow | undefined> {
  const { rows } = await sql<GroupRow>`
    insert into product_group (id, name, enforcement, tail, log)
    values (${group.id}, ${group.name}, ${group.enforcement}, ${group.tail}, ${group.log})
    on conflict (id) do nothing
    returning ${groupColumns}`.execute(tx)
  return rows[0]
}

export type GroupChange = { name?: string; enforcement?: Enforcement; tail?: TailKind }

export async function updateGroup(tx: Tx, id: string, change: GroupChange): Promise<GroupRow | undefined> {
  const { rows } = await sql<GroupRow>`
    update product_group
    set name = coalesce(${change.name ?? null}, name),
        enforcement = coalesce(${change.enforcement ?? null}, enforcement),
        tail = coalesce(${change.tail ?? null}, tail)
    where id = ${id}
    returning ${groupColumns}`.execute(tx)
  return rows[0]
}

export async function listGroups(db: Db, after: number, limit: number): Promise<GroupRow[]> {
  const { rows } = await sql<GroupRow>`
    select ${groupColumns} from product_group where no > ${after} order by no limit ${limit}`.execute(db)
  return rows
}

export async function findGroup(db: Db | Tx, id: string): Promise<GroupRow | undefined> {
  const { rows } = await sql<GroupRow>`select ${groupColumns} from product_group where id = ${id}`.execute(db)
  return rows[0]
}

export type Content = { gtin: string; count: number }

export type ProductRow = {
  no: number
  gtin: string
  name: string
  owner_no: number
  owner: string
  hs_code: string
  origin_country: string
  net_content_value: string | null
  net_content_unit: string | null
  strength: string | null
  pack_level: string | null
  contents: Content[]
  /** Who may order codes beside the owner. */
  importer_nos: number[]
  group_no: number
  group_id: string
  group_name: string
  enforcement: Enforcement
  tail: TailKind
  log: string
}

const productSelect = sql`
  select product.no, product.gtin, product.name, product.owner_no, owner.id as owner, product.hs_code,
         product.origin_country, product.net_content_value, product.net_content_unit, product.strength, product.pack_level,
         coalesce((select json_agg(json_build_object('gtin', gtin, 'count', count) order by gtin)
                   from product_content where product_no = product.no), '[]') as contents,
         array(select participant_no from product_importer
               where product_no = product.no and withdrawn_at is null order by no) as importer_nos,
         grp.no as group_no, grp.id as group_id, grp.name as group_name, grp.enforcement, grp.tail, grp.log
  from product
  join participant as owner on owner.no = product.owner_no
  join product_group as grp on grp.no = product.group_no`

export async function findProduct(db: Db | Tx, gtin: string): Promise<ProductRow | undefined> {
  const { rows } = await sql<ProductRow>`${productSelect} where product.gtin = ${gtin}`.execute(db)
  return rows[0]
}

/** @param whose products that this participant owns or imports, or undefined for all */
export async function listProducts(
  db: Db,
  whose: number | undefined,
  group: string | undefined,
  after: number,
  limit: number,
): Promise<ProductRow[]> {
  const { rows } = await sql<ProductRow>`${productSelect}
    where product.no > ${after}
      and (${group ?? null}::text is null or grp.id = ${group ?? null})
      and (${whose ?? null}::integer is null or product.owner_no = ${whose ?? null}
           or exists (select from product_importer
                      where product_no = product.no and participant_no = ${whose ?? null} and withdrawn_at is null))
    order by product.no limit ${limit}`.execute(db)
  return rows
}

export type NewProduct = {
  gtin: string
  ownerNo: number
  groupNo: number
  name: string
  hsCode: string
  originCountry: string
  netContent?: { value: string; unit: string } | undefined
  strength?: string | undefined
  packLevel?: string | undefined
  contains: readonly Content[]
}

/** Registers a product with its contents; false if its GTIN is registered already. */
export async function insertProduct(tx: Tx, given: NewProduct): Promise<boolean> {
  const { rows } = await sql<{ no: number }>`
    insert into product (gtin, owner_no, group_no, name, hs_code, origin_country, net_content_value, net_content_unit, strength, pack_level)
    values (${given.gtin}, ${given.ownerNo}, ${given.groupNo}, ${given.name}, ${given.hsCode}, ${given.originCountry},
            ${given.netContent?.value ?? null}::numeric, ${given.netContent?.unit ?? null}, ${given.strength ?? null}::numeric,
            ${given.packLevel ?? null})
    on conflict (gtin) do nothing
    returning no`.execute(tx)
  const [row] = rows
  if (!row) return false
  if (given.contains.length > 0) {
    const gtins = given.contains.map((content) => content.gtin)
    const counts = given.contains.map((content) => content.count)
    await sql`
      insert into product_content (product_no, gtin, count)
      select ${row.no}::integer, gtin, count from unnest(${gtins}::text[], ${counts}::integer[]) as content (gtin, count)`.execute(
      tx,
    )
  }
  return true
}

export type ImporterRow = {
  no: number
  participant_no: number
  participant: string
  name: string
  since: Date
  withdrawn_at: Date | null
  withdrawn_by: number | null
}

const importerSelect = sql`
  select importer.no, importer.participant_no, participant.id as participant, participant.name, importer.since,
         importer.withdrawn_at, importer.withdrawn_by
  from product_importer as importer join participant on participant.no = importer.participant_no`

/** The newest claim of a participant to import a product, in force or not. */
export async function findImporter(
  db: Db | Tx,
  productNo: number,
  participantNo: number,
): Promise<ImporterRow | undefined> {
  const { rows } = await sql<ImporterRow>`${importerSelect}
    where importer.product_no = ${productNo} and importer.participant_no = ${participantNo}
    order by importer.no desc limit 1`.execute(db)
  return rows[0]
}

/** @param only the claims of this participant, or undefined for all */
export async function listImporters(
  db: Db,
  productNo: number,
  only: number | undefined,
  after: number,
  limit: number,
): Promise<ImporterRow[]> {
  const { rows } = await sql<ImporterRow>`${importerSelect}
    where importer.product_no = ${productNo} and importer.no > ${after}
      and (${only ?? null}::integer is null or importer.participant_no = ${only ?? null})
    order by importer.no limit ${limit}`.execute(db)
  return rows
}

/** Adds the claim unless there is one in force. */
export async function insertImporter(tx: Tx, productNo: number, participantNo: number): Promise<boolean> {
  const { rows } = await sql`
    insert into product_importer (product_no, participant_no) values (${productNo}, ${participantNo})
    on conflict (product_no, participant_no) where withdrawn_at is null do nothing
    returning no`.execute(tx)
  return rows.length > 0
}

/** Ends a claim; true if it was in force. */
export async function withdrawImporter(tx: Tx, no: number, at: Date, by: number): Promise<boolean> {
  const { rows } = await sql`
    update product_importer set withdrawn_at = ${at}, withdrawn_by = ${by}
    where no = ${no} and withdrawn_at is null returning no`.execute(tx)
  return rows.length > 0
}
