import type { Facts, FactValue } from '../../declarations/bodies.ts'
import type { FitOptions, Labelled } from './fit.ts'

/** The import declarations of kr-customs-syn as facts: one line each, and whether it was found to be fraud. */
const numbers: ReadonlySet<string> = new Set(['Tax Rate', 'Net Mass', 'Item Price'])

export function readKrCustoms(csv: string): Labelled[] {
  const [head = '', ...lines] = csv.replace(/^\uFEFF/, '').split(/\r?\n/)
  const columns = head.split(',').map((name) => name.trim())
  return lines.flatMap((line) => {
    if (line.trim() === '') return []
    const cells = line.split(',')
    const at = (name: string): string => (cells[columns.indexOf(name)] ?? '').trim()
    return [{ facts: factsOf(at), hit: Number(at('Fraud')) === 1 }]
  })
}

function factsOf(at: (name: string) => string): Facts {
  const text = (name: string): FactValue => (at(name) === '' ? { value: 'none' } : { value: code(at(name)) })
  const number = (name: string): FactValue =>
    at(name) === '' || !numbers.has(name) || !Number.isFinite(Number(at(name)))
      ? { unknown: 'not given' }
      : { value: Number(at(name)) }
  // A number loses its leading zero on the way through a spreadsheet.
  const hs = code(at('HS10 Code')).padStart(10, '0')
  const mass = Number(at('Net Mass'))
  const price = Number(at('Item Price'))
  return {
    decl: {
      flow: { value: 'import' },
      office: text('Office ID'),
      processType: text('Process Type'),
      importType: text('Import Type'),
      importUse: text('Import Use'),
      paymentType: text('Payment Type'),
      mode: text('Mode of Transport'),
      declarant: text('Declarant ID'),
      consignee: text('Importer ID'),
      consignor: text('Seller ID'),
      courier: text('Courier ID'),
      departure: text('Country of Departure'),
    },
    lines: [
      {
        number: 1,
        item: {
          number: { value: 1 },
          hs: { value: hs },
          hs2: { value: hs.slice(0, 2) },
          hs4: { value: hs.slice(0, 4) },
          hs6: { value: hs.slice(0, 6) },
          origin: text('Country of Origin'),
          taxRate: number('Tax Rate'),
          taxType: text('Tax Type'),
          originIndicator: text('Country of Origin Indicator'),
          netMassKg: number('Net Mass'),
          value: number('Item Price'),
          ...(mass > 0 && Number.isFinite(price) ? { unitValue: { value: price / mass } } : {}),
        },
        led: {},
      },
    ],
  }
}

/** `11.0` and `11` are one code. */
const code = (value: string): string => value.replace(/\.0$/, '')

const [hs2, hs4, hs6, hs, origin, departure] = [
  'item.hs2',
  'item.hs4',
  'item.hs6',
  'item.hs',
  'item.origin',
  'decl.departure',
] as const

/** What a customs office would compare: goods, origin, the way they came, the tariff that is claimed. Parties are left out: they carry nothing here. */
export const krOptions: FitOptions = {
  name: 'kr-customs-syn',
  keys: {
    goods: [hs6],
    goodsClosely: [hs],
    heading: [hs4],
    chapter: [hs2],
    origin: [origin],
    goodsOrigin: [hs6, origin],
    goodsCloselyOrigin: [hs, origin],
    headingOrigin: [hs4, origin],
    chapterWay: [hs2, origin, departure],
    headingWay: [hs4, origin, departure],
    way: [origin, departure],
    goodsTariff: [hs6, 'item.taxType'],
    chapterTariff: [hs2, 'item.taxType'],
    originTariff: [origin, 'item.taxType'],
    headingMark: [hs4, 'item.originIndicator'],
    headingKind: [hs4, 'decl.importType'],
    headingPayment: [hs4, 'decl.paymentType'],
    headingOffice: [hs4, 'decl.office'],
    kindUse: ['decl.importType', 'decl.importUse'],
    officeMode: ['decl.office', 'decl.mode'],
  },
  numbers: ['item.taxRate', 'item.netMassKg', 'item.value'],
  depth: 6,
  rulesMax: 56,
  leafMin: 60,
  weight: 20,
  folds: 5,
}
