// Product groups, products and importers: what may be registered, by whom, and who sees it.
import { Big } from 'big.js'
import type { Db } from '../db/connect.ts'
import { padGtin } from '../gs1/identifiers.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import type { OnAdministrativeAct } from '../participants/act.ts'
import { hasRole, seesAll, type Actor } from '../participants/actor.ts'
import type { Catalogue } from './catalogue.ts'
import type { Importer, NewProduct, Product } from './schema.ts'
import * as store from './store.ts'

export type ProductDeps = { db: Db; now: () => Date; onAct: OnAdministrativeAct; catalogue: Catalogue }

type NewGroup = { id: string; name: string; enforcement?: store.Enforcement; tail?: store.TailKind; log?: string }

/** A new group starts in observe: launches that refused from the first day stopped whole industries (design D9). */
export async function addGroup(deps: ProductDeps, actor: Actor, given: NewGroup): Promise<store.GroupRow> {
  const { db, now, onAct } = deps
  const group = await db.transaction().execute(async (tx) => {
    const { id, name, enforcement = 'observe', tail = 'mac', log = 'main' } = given
    const row = await store.insertGroup(tx, { id, name, enforcement, tail, log })
    if (!row)
      throw new Problem('taken', { detail: `There is a product group ${id}. Choose another id, or change that one.` })
    await onAct({ kind: 'product_group_changed', at: now(), actor, subject: { group: id, enforcement, tail, log } })
    return row
  })
  deps.catalogue.forget()
  return group
}

/** @throws Problem not_found */
export async function changeGroup(
  deps: ProductDeps,
  actor: Actor,
  id: string,
  change: store.GroupChange,
): Promise<store.GroupRow> {
  const { db, now, onAct } = deps
  const group = await db.transaction().execute(async (tx) => {
    const row = await store.updateGroup(tx, id, change)
    if (!row)
      throw new Problem('not_found', { detail: `There is no product group ${id}. GET /product-groups lists them.` })
    await onAct({ kind: 'product_group_changed', at: now(), actor, subject: { group: id, ...change } })
    return row
  })
  deps.catalogue.forget()
  return group
}

/**
 * Registers a product as the actor's. The very same again answers as the first time.
 * @throws Problem taken, gtin_check_digit, field_invalid
 */
export async function registerProduct(
  deps: ProductDeps,
  actor: Actor,
  given: NewProduct,
): Promise<{ product: Product; isNew: boolean }> {
  const gtin = readGtin('/gtin', given.gtin)
  const group = await store.findGroup(deps.db, given.group)
  if (!group) throw fieldProblem('/group', 'There is no such product group. GET /product-groups lists them.')
  const product: store.NewProduct = {
    gtin,
    ownerNo: actor.participant.no,
    groupNo: group.no,
    name: given.name,
    hsCode: given.hsCode,
    originCountry: given.originCountry,
    netContent: given.netContent && {
      value: positive('/netContent/value', given.netContent.value),
      unit: given.netContent.unit,
    },
    strength: given.strength === undefined ? undefined : percent('/strength', given.strength),
    packLevel: given.packLevel === undefined ? undefined : String(given.packLevel),
    contains: contentsOf(gtin, given.contains ?? []),
  }
  const isNew = await deps.db.transaction().execute(async (tx) => {
    if (!(await store.insertProduct(tx, product))) return false
    const { name, hsCode, originCountry } = product
    const subject = { participant: actor.participant.id, gtin, group: group.id, name, hsCode, originCountry }
    await deps.onAct({ kind: 'product_registered', at: deps.now(), actor, subject })
    return true
  })
  deps.catalogue.forget()
  const row = await store.findProduct(deps.db, gtin)
  if (!row) throw new Error('a product that was stored is gone')
  if (!isNew && !isSame(row, product)) {
    throw new Problem('taken', {
      detail:
        row.owner_no === product.ownerNo
          ? `You registered GTIN ${gtin} with other content. Use another GTIN for another product.`
          : `GTIN ${gtin} is registered by another participant. Check the number, or become an importer of it (POST /products/${gtin}/importers).`,
    })
  }
  return { product: productBody(row), isNew }
}

/** @throws Problem not_found, gtin_check_digit */
export async function readProduct(db: Db, gtinText: string): Promise<store.ProductRow> {
  const gtin = readGtin('/gtin', gtinText)
  const row = await store.findProduct(db, gtin)
  if (!row) throw new Problem('not_found', { detail: `No product is registered under ${gtin}. Check the number.` })
  return row
}

/** The right of an importer to order codes beside the owner. @throws Problem taken, not_possible, not_found */
export async function claimImport(
  deps: ProductDeps,
  actor: Actor,
  gtinText: string,
): Promise<{ importer: Importer; isNew: boolean }> {
  const { db, now, onAct } = deps
  const product = await readProduct(db, gtinText)
  const { no, id } = actor.participant
  if (product.owner_no === no) {
    throw new Problem('taken', {
      detail: 'You own this product and may order codes for it already. Nothing is to be done.',
    })
  }
  const before = await store.findImporter(db, product.no, no)
  if (before?.withdrawn_by !== undefined && before.withdrawn_by !== null && before.withdrawn_by !== no) {
    throw new Problem('not_possible', {
      detail: 'This right was withdrawn from you. Ask the owner of the product, or the operator.',
    })
  }
  await db.transaction().execute(async (tx) => {
    if (!(await store.insertImporter(tx, product.no, no))) return
    await onAct({ kind: 'importer_registered', at: now(), actor, subject: { participant: id, gtin: product.gtin } })
  })
  deps.catalogue.forget()
  const row = await store.findImporter(db, product.no, no)
  if (!row) throw new Error('an importer that was stored is gone')
  return { importer: importerBody(product.gtin, row), isNew: row.no !== before?.no }
}

/** The claims that the actor may see: the owner and authorities all, an importer its own, others none. */
export const visibleImporters = (actor: Actor, product: store.ProductRow): number | undefined =>
  product.owner_no === actor.participant.no || seesAll(actor.participant) ? undefined : actor.participant.no

/** By the owner, the operator, or the importer itself. Repeating is no error. @throws Problem not_found */
export async function withdrawImport(
  deps: ProductDeps,
  actor: Actor,
  gtinText: string,
  importerId: string,
): Promise<void> {
  const { db, now, onAct } = deps
  const product = await readProduct(db, gtinText)
  const { participant } = actor
  const mayAll = product.owner_no === participant.no || hasRole(participant, 'operator')
  const rows = await store.listImporters(db, product.no, mayAll ? undefined : participant.no, 0, 10_000)
  const claims = rows.filter((row) => row.participant === importerId)
  if (claims.length === 0)
    throw new Problem('not_found', { detail: 'There is no such importer of this product. Check the id.' })
  await db.transaction().execute(async (tx) => {
    let withdrawn = false
    for (const claim of claims) {
      if (await store.withdrawImporter(tx, claim.no, now(), participant.no)) withdrawn = true
    }
    const subject = { participant: importerId, gtin: product.gtin }
    if (withdrawn) await onAct({ kind: 'importer_withdrawn', at: now(), actor, subject })
  })
  deps.catalogue.forget()
}

function readGtin(path: string, text: string): string {
  const { value, fault } = padGtin(text)
  if (value !== undefined) return value
  throw fieldProblem(path, fault.detail, fault.code === 'gtin_check_digit' ? fault.code : 'field_invalid')
}

function contentsOf(gtin: string, contains: readonly store.Content[]): store.Content[] {
  const seen = new Set([gtin])
  return contains.map((content, i) => {
    const inner = readGtin(`/contains/${i}/gtin`, content.gtin)
    if (seen.has(inner))
      throw fieldProblem(`/contains/${i}/gtin`, 'Name each content once, and not the product itself.')
    seen.add(inner)
    return { gtin: inner, count: content.count }
  })
}

function positive(path: string, given: string | number): string {
  const value = new Big(given)
  if (value.lte(0)) throw fieldProblem(path, 'This must be more than 0. Correct it.')
  return value.round(6).toFixed()
}

function percent(path: string, given: string | number): string {
  const value = new Big(given)
  if (value.gt(100)) throw fieldProblem(path, 'Strength is percent by volume, at most 100. Correct it.')
  return value.round(6).toFixed()
}

/** Whether what is stored is what was sent; decimals by value. */
function isSame(row: store.ProductRow, given: store.NewProduct): boolean {
  const sameDecimal = (a: string | null, b: string | undefined): boolean =>
    a === null || b === undefined ? a === null && b === undefined : new Big(a).eq(b)
  const contents = [...given.contains].sort((a, b) => (a.gtin < b.gtin ? -1 : 1))
  return (
    row.owner_no === given.ownerNo &&
    row.group_no === given.groupNo &&
    row.name === given.name &&
    row.hs_code === given.hsCode &&
    row.origin_country === given.originCountry &&
    sameDecimal(row.net_content_value, given.netContent?.value) &&
    (row.net_content_unit ?? undefined) === given.netContent?.unit &&
    sameDecimal(row.strength, given.strength) &&
    (row.pack_level ?? undefined) === given.packLevel &&
    JSON.stringify(row.contents) === JSON.stringify(contents.map(({ gtin, count }) => ({ gtin, count })))
  )
}

export const productBody = (row: store.ProductRow): Product => ({
  gtin: row.gtin,
  name: row.name,
  group: row.group_id,
  owner: row.owner,
  hsCode: row.hs_code,
  originCountry: row.origin_country,
  ...(row.net_content_value === null || row.net_content_unit === null
    ? {}
    : { netContent: { value: row.net_content_value, unit: row.net_content_unit } }),
  ...(row.strength === null ? {} : { strength: row.strength }),
  ...(row.pack_level === null
    ? {}
    : { packLevel: /^\d$/.test(row.pack_level) ? Number(row.pack_level) : row.pack_level }),
  ...(row.contents.length === 0 ? {} : { contains: row.contents }),
})

export const importerBody = (gtin: string, row: store.ImporterRow): Importer => ({
  gtin,
  importer: row.participant,
  name: row.name,
  since: row.since.toISOString(),
  ...(row.withdrawn_at === null ? {} : { withdrawnAt: row.withdrawn_at.toISOString() }),
})
