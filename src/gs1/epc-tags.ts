/** How one part of an EPC lies in a tag. */
export type Field =
  | { kind: 'number'; bits: number } // an integer without leading zeros
  | { kind: 'digits'; bits: number; digits: number } // so many digits
  | { kind: 'numeric'; bits: number } // digits with a 1 before them, so that leading zeros live
  | { kind: 'text7'; bits: number } // ASCII, filled with zeros
  | { kind: 'text6'; max: number } // six bits a character, ended by 000000
  | { kind: 'cage8' } // a CAGE code or DoDAAC in ASCII, a space before five
  | { kind: 'cage6' } // the same in six bits

/** One binary encoding of the EPC Tag Data Standard 1.13, section 14.6. */
export type Tag = {
  name: string
  scheme: string
  header: string
  /** Undefined where the length depends on the content. */
  bits?: number
  filterBits: number
  /** Bits of company prefix and reference together, behind three bits that say how they share them. */
  partition?: number
  /** How the reference lies in its share: so many digits, or the field given here. */
  reference?: 'number' | 'text7' | { max: (prefixLength: number) => number }
  fields: readonly Field[]
}

/** Bits of a company prefix of 12, 11, … 6 digits; the index is the partition value (tables 14-2 and following). */
export const PREFIX_BITS = [40, 37, 34, 30, 27, 24, 20] as const

const number = (bits: number): Field => ({ kind: 'number', bits })
const text = (characters: number): Field => ({ kind: 'text7', bits: characters * 7 })
const piece: Field = { kind: 'digits', bits: 7, digits: 2 }

type Row = [name: string, header: string, bits: number, partition: number, ...fields: Field[]]

const plain: readonly Row[] = [
  ['sgtin-96', '30', 96, 44, number(38)],
  ['sgtin-198', '36', 198, 44, text(20)],
  ['sscc-96', '31', 96, 58],
  ['sgln-96', '32', 96, 41, number(41)],
  ['sgln-195', '39', 195, 41, text(20)],
  ['grai-96', '33', 96, 44, number(38)],
  ['grai-170', '37', 170, 44, text(16)],
  ['gsrn-96', '2D', 96, 58],
  ['gsrnp-96', '2E', 96, 58],
  ['gdti-96', '2C', 96, 41, number(41)],
  ['gdti-174', '3E', 174, 41, text(17)],
  ['sgcn-96', '3F', 96, 41, { kind: 'numeric', bits: 41 }],
  ['itip-110', '40', 110, 44, piece, piece, number(38)],
  ['itip-212', '41', 212, 44, piece, piece, text(20)],
]

const CAGE8: Field = { kind: 'cage8' }
const CAGE6: Field = { kind: 'cage6' }

const tags: readonly Tag[] = [
  ...plain.map(([name, header, bits, partition, ...fields]) => ({
    name,
    scheme: name.split('-')[0] ?? '',
    header,
    bits,
    filterBits: 3,
    partition,
    fields,
  })),
  {
    name: 'giai-96',
    scheme: 'giai',
    header: '34',
    bits: 96,
    filterBits: 3,
    partition: 82,
    reference: 'number',
    fields: [],
  },
  {
    name: 'giai-202',
    scheme: 'giai',
    header: '38',
    bits: 202,
    filterBits: 3,
    partition: 188,
    reference: 'text7',
    fields: [],
  },
  {
    name: 'cpi-96',
    scheme: 'cpi',
    header: '3C',
    bits: 96,
    filterBits: 3,
    partition: 51,
    reference: 'number',
    fields: [number(31)],
  },
  {
    name: 'cpi-var',
    scheme: 'cpi',
    header: '3D',
    filterBits: 3,
    partition: 0,
    reference: { max: (prefixLength) => 30 - prefixLength },
    fields: [number(40)],
  },
  {
    name: 'gid-96',
    scheme: 'gid',
    header: '35',
    bits: 96,
    filterBits: 0,
    fields: [number(28), number(24), number(36)],
  },
  { name: 'usdod-96', scheme: 'usdod', header: '2F', bits: 96, filterBits: 4, fields: [CAGE8, number(36)] },
  {
    name: 'adi-var',
    scheme: 'adi',
    header: '3B',
    filterBits: 6,
    fields: [CAGE6, { kind: 'text6', max: 32 }, { kind: 'text6', max: 30 }],
  },
]

const byName = new Map(tags.map((tag) => [tag.name, tag] as const))
const byHeader = new Map(tags.map((tag) => [tag.header, tag] as const))

export const tagByName = (name: string): Tag | undefined => byName.get(name)
/** `header` is the first two hex digits, in capitals. */
export const tagByHeader = (header: string): Tag | undefined => byHeader.get(header)
/** The encodings of a scheme, the shortest first. */
export const tagsOf = (scheme: string): Tag[] => tags.filter((tag) => tag.scheme === scheme)
