// Products for the hot path: look-ups that may be half a second old.
import { createCached } from '../db/cached.ts'
import type { Db } from '../db/connect.ts'
import * as store from './store.ts'

export type ProductGroup = {
  no: number
  id: string
  name: string
  enforcement: store.Enforcement
  tail: store.TailKind
  log: string
}

/** What a GTIN stands for, as the judge and the codes need it. */
export type Product = {
  no: number
  gtin: string
  name: string
  ownerNo: number
  /** Who may order codes for it beside the owner. */
  importerNos: readonly number[]
  group: ProductGroup
  hsCode: string
  originCountry: string
  packLevel?: string
  netContent?: { value: string; unit: string }
  /** Alcohol by volume, in per cent. */
  strength?: string
  contains: readonly store.Content[]
}

export type Catalogue = {
  /** By GTIN of 14 digits. */
  byGtin(gtin: string): Promise<Product | undefined>
  group(id: string): Promise<ProductGroup | undefined>
  /** After a change in this process. */
  forget(): void
}

/** A country's assortment of marked goods is some 100,000 GTINs; what is scanned within half a second is far less. */
const productsMax = 20_000

export function createCatalogue(db: Db, now: () => Date): Catalogue {
  const products = createCached<string, Product>({
    load: async (gtin) => {
      const row = await store.findProduct(db, gtin)
      return row && productOf(row)
    },
    now,
    entriesMax: productsMax,
  })
  const groups = createCached<string, ProductGroup>({ load: (id) => store.findGroup(db, id), now, entriesMax: 1_000 })
  return {
    byGtin: products.get,
    group: groups.get,
    forget: () => {
      products.forget()
      groups.forget()
    },
  }
}

const productOf = (row: store.ProductRow): Product => ({
  no: row.no,
  gtin: row.gtin,
  name: row.name,
  ownerNo: row.owner_no,
  importerNos: row.importer_nos,
  group: {
    no: row.group_no,
    id: row.group_id,
    name: row.group_name,
    enforcement: row.enforcement,
    tail: row.tail,
    log: row.log,
  },
  hsCode: row.hs_code,
  originCountry: row.origin_country,
  ...(row.pack_level === null ? {} : { packLevel: row.pack_level }),
  ...(row.net_content_value === null || row.net_content_unit === null
    ? {}
    : { netContent: { value: row.net_content_value, unit: row.net_content_unit } }),
  ...(row.strength === null ? {} : { strength: row.strength }),
  contains: row.contents,
})
