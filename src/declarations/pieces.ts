import Big from 'big.js'

/** What a piece of a product holds, for units of measure that are not pieces. */
export type Content = { value: string; unit: string; strengthPercent?: string | undefined }

const perPiece: Readonly<Record<string, number>> = {
  NAR: 1,
  C62: 1,
  H87: 1,
  PCE: 1,
  PCS: 1,
  'P/ST': 1,
  EA: 1,
  NMP: 1, // Packs
  PK: 1,
  PA: 1,
  BO: 1, // Bottles
  PR: 2,
  DZN: 12,
  CEN: 100,
  MIL: 1_000, // Thousands
  T3: 1_000,
  MIO: 1_000_000,
}

const litres: Readonly<Record<string, string>> = {
  L: '1',
  LTR: '1',
  HL: '100',
  HLT: '100',
  CL: '0.01',
  CLT: '0.01',
  ML: '0.001',
  MLT: '0.001',
  DMQ: '1',
}

/** Litres of pure alcohol, and hectolitres of it (UN/ECE Recommendation 20: LPA, HPA). */
const alcohol: Readonly<Record<string, string>> = { LPA: '1', HPA: '100', ASV: '1' }

/**
 * How many consumer units a quantity in a customs unit is; undefined where that cannot be told.
 * @param contained what one unit of the product holds
 */
export function piecesOf(quantity: string, customsUnit: string, contained: Content | undefined): Big | undefined {
  const unit = customsUnit.toUpperCase()
  const factor = perPiece[unit]
  if (factor !== undefined) return new Big(quantity).times(factor)
  const one = contained && litres[contained.unit.toUpperCase()]
  if (!contained || one === undefined) return undefined
  const litresEach = new Big(contained.value).times(one)
  if (litresEach.eq(0)) return undefined
  const volume = litres[unit]
  if (volume !== undefined) return new Big(quantity).times(volume).div(litresEach)
  const pure = alcohol[unit]
  if (pure === undefined || contained.strengthPercent === undefined) return undefined
  const each = litresEach.times(contained.strengthPercent).div(100)
  return each.eq(0) ? undefined : new Big(quantity).times(pure).div(each)
}

/** Customs units are rounded: two decimals of a litre are up to a piece. */
export function sameCount(pieces: Big, counted: number): boolean {
  return pieces.round(0, Big.roundHalfUp).eq(counted)
}
