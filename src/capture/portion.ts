import { Big } from 'big.js'
import type { Subject } from '../custody/claim.ts'
import type { Epc, EpcisEvent, JsonValue } from '../epcis/event.ts'
import type { Catalogue } from '../products/catalogue.ts'

/**
 * What of each unit is sold, where a receipt says a quantity. Of a sealed unit it counts pieces: 1 is all of it, a fraction opens it.
 * Of an opened one (a keg, a bottle behind a bar) it is in the unit of the product's net content, and less than that leaves it opened.
 */
export async function portionsOf(
  event: EpcisEvent,
  catalogue: Pick<Catalogue, 'byGtin'>,
): Promise<ReadonlyMap<Epc, NonNullable<Subject['portion']>>> {
  const portions = new Map<Epc, NonNullable<Subject['portion']>>()
  if (event.type !== 'ObjectEvent' || event.bizStep !== 'retail_selling') return portions
  const rows = event.extensions['tamga:sales']
  if (!Array.isArray(rows) || rows.length !== event.epcList.length) return portions
  // The rows of a receipt are in the order of its codes (src/retail/receipt.ts).
  const epcs = [...event.epcList].sort((a, b) => (a.link < b.link ? -1 : a.link > b.link ? 1 : 0))
  for (const [i, epc] of epcs.entries()) {
    const sold = quantityOf(rows[i])
    if (!sold || epc.reading.kind !== 'unit') continue
    const content = (await catalogue.byGtin(epc.reading.gtin))?.netContent
    if (!sold.eq(sold.round())) portions.set(epc, 'part')
    else if (content && sold.lt(content.value)) portions.set(epc, 'part_if_opened')
  }
  return portions
}

function quantityOf(row: JsonValue | undefined): Big | undefined {
  const text = typeof row === 'object' && row !== null && !Array.isArray(row) ? row['tamga:quantity'] : undefined
  return typeof text === 'string' && /^[0-9]{1,15}(\.[0-9]{1,6})?$/.test(text) ? new Big(text) : undefined
}
