const NIBBLES = [...'0123456789ABCDEF'].map((digit) => parseInt(digit, 16).toString(2).padStart(4, '0'))

/** Bits as a text of 0 and 1: a tag holds a few hundred, and fields are cut at any place. */
export const hexToBits = (hex: string): string => [...hex].map((digit) => NIBBLES[parseInt(digit, 16)]).join('')

/** Hex in capitals, filled with zeros to whole words of 16 bits, as tag memory is written. */
export function bitsToHex(bits: string): string {
  const padded = bits.padEnd(Math.ceil(bits.length / 16) * 16, '0')
  return (padded.match(/.{4}/g) ?? []).map((nibble) => parseInt(nibble, 2).toString(16).toUpperCase()).join('')
}

/** `value` in exactly `length` bits; undefined if it does not fit. */
export function numberToBits(value: bigint, length: number): string | undefined {
  const bits = value.toString(2)
  return bits.length > length && value !== 0n ? undefined : length === 0 ? '' : bits.padStart(length, '0')
}

/** Takes fields off the front. Past the end it gives what is left, so that the caller sees a field too short. */
export class BitReader {
  readonly bits: string
  at = 0

  constructor(bits: string) {
    this.bits = bits
  }

  take(length: number): string {
    const bits = this.bits.slice(this.at, this.at + length)
    this.at += length
    return bits
  }

  number(length: number): bigint {
    const bits = this.take(length)
    return bits === '' ? 0n : BigInt(`0b${bits}`)
  }

  rest(): string {
    return this.bits.slice(this.at)
  }

  /** Whether more was taken than there is. */
  get overrun(): boolean {
    return this.at > this.bits.length
  }
}
