// Events to begin with, and a table reader: each row says what is changed and what the answer must be.

import type { ParseOptions } from '../../src/epcis/parse.ts'

export const now = new Date('2026-05-01T12:00:00.000Z')
export const options: ParseOptions = { now, clockAheadMaxMs: 600_000 }

/** A text of digits with its check digit (weights 3 and 1 from the right). */
export function withCheckDigit(digits: string): string {
  let sum = 0
  for (let i = 0; i < digits.length; i++) sum += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1)
  return digits + String((10 - (sum % 10)) % 10)
}

const gtin = withCheckDigit('0470123456789')
export const unit = (serial: string | number) => `https://id.gs1.org/01/${gtin}/21/${serial}`
export const pallet = (n: number) => `https://id.gs1.org/00/${withCheckDigit(`0470123${String(n).padStart(10, '0')}`)}`
export const goods = `https://id.gs1.org/01/${gtin}/10/LOT1`
export const shop = `https://id.gs1.org/414/${withCheckDigit('470123400001')}`

const frame = { eventTime: '2026-04-30T18:00:00.000+06:00', eventTimeZoneOffset: '+06:00' }

export type Json = Record<string, unknown>

export const bases = {
  object: { type: 'ObjectEvent', ...frame, action: 'OBSERVE', bizStep: 'shipping', epcList: [unit('A1'), unit('A2')] },
  aggregation: {
    type: 'AggregationEvent',
    ...frame,
    action: 'ADD',
    bizStep: 'packing',
    parentID: pallet(1),
    childEPCs: [unit('A1'), unit('A2')],
  },
  association: { type: 'AssociationEvent', ...frame, action: 'ADD', parentID: pallet(1), childEPCs: [pallet(2)] },
  transaction: {
    type: 'TransactionEvent',
    ...frame,
    action: 'ADD',
    epcList: [unit('A1')],
    bizTransactionList: [{ type: 'po', bizTransaction: 'urn:example:po:1' }],
  },
  transformation: {
    type: 'TransformationEvent',
    ...frame,
    inputEPCList: [unit('A1')],
    outputEPCList: [unit('B1'), unit('B2')],
  },
  sensor: {
    type: 'ObjectEvent',
    ...frame,
    action: 'OBSERVE',
    readPoint: { id: 'urn:tamga:place:cellar' },
    sensorElementList: [{ sensorReport: [{ type: 'Temperature', value: 4.5, uom: 'CEL' }] }],
  },
} as const satisfies Record<string, Json>

const names: Record<string, string> = {
  $A1: unit('A1'),
  $A2: unit('A2'),
  $LOT: goods,
  $PALLET: pallet(1),
  $SHOP: shop,
  $BADGTIN: unit('A1').replace(gtin, gtin.slice(0, 13) + String((Number(gtin[13]) + 1) % 10)),
}

export type Row = { name: string; event: Json; expected: string }

/**
 * Reads a table of `base | changes as JSON | expected`. A change to null takes the field out. $A1, $A2, $LOT, $PALLET,
 * $SHOP and $BADGTIN stand for codes.
 */
export function rows(table: string): Row[] {
  const lines = table.split('\n').filter((line) => line.includes('|'))
  return lines.map((line) => {
    const [base = '', change = '', expected = ''] = line.split('|').map((cell) => cell.trim())
    const filled = change.replace(/\$[A-Z0-9]+/g, (name) => names[name] ?? name)
    const event: Json = { ...bases[base as keyof typeof bases], ...(JSON.parse(filled || '{}') as Json) }
    for (const key of Object.keys(event)) if (event[key] === null) delete event[key]
    return { name: `${base} ${change}`, event, expected }
  })
}
