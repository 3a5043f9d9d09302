// What an own serial looks like and which number a unit has inside. Everything here runs for each scanned code.
//
//   4 00002S 7K1Z90QX      issuing state, order number and random part, in upper-case base 36: 15 characters
import { isSerial, type Serial } from '../gs1/identifiers.ts'

export const base36 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** 36^8 = 2.8e12: 41 bits that nobody guesses, and still an exact JavaScript number. */
export const randomLength = 8
const orderNoLength = 6
const ownLength = 1 + orderNoLength + randomLength

/** Codes in a block: a block of random parts fills one database page (8,000 of 8,192 bytes). */
export const blockSize = 1_000

/** Numbers that belong to one order: its own object id and, above it, one for each of its units. */
export const idsPerOrder = 2 ** 21

/** Ids of units that nobody ordered begin here. */
export const claimedFrom = 2n ** 52n

const values = new Int8Array(128).fill(-1)
for (let i = 0; i < 36; i++) values[base36.charCodeAt(i)] = i

/** The number that `length` characters of upper-case base 36 stand for; -1 if one of them is something else. */
export function readBase36(text: string, from: number, length: number): number {
  let number = 0
  for (let i = from; i < from + length; i++) {
    const value = values[text.charCodeAt(i)] ?? -1
    if (value < 0) return -1
    number = number * 36 + value
  }
  return number
}

/** `number` in upper-case base 36 with leading zeros. */
export const writeBase36 = (number: number, length: number): string =>
  number.toString(36).toUpperCase().padStart(length, '0')

/**
 * The serial of an own code. It has 15 characters: state digit, order number, random part.
 * @param random the random part as a number below 36^8
 */
export function ownSerial(issuingState: string, orderNo: number, random: number): Serial {
  const text = issuingState + writeBase36(orderNo, orderNoLength) + writeBase36(random, randomLength)
  if (!isSerial(text) || text.length !== ownLength) throw new RangeError(`No own serial: order ${orderNo}, ${random}`)
  return text
}

/** The order number that a serial of our form names, or -1 where the form is another. */
export function orderNoOf(issuingState: string, serial: string): number {
  if (serial.length !== ownLength || serial.charCodeAt(0) !== issuingState.charCodeAt(0)) return -1
  const orderNo = readBase36(serial, 1, orderNoLength)
  return orderNo < 2 ** 31 ? orderNo : -1
}

/** The random part of a serial of our form as a number, or -1. */
export const randomOf = (serial: string): number => readBase36(serial, 1 + orderNoLength, randomLength)

/** The object id of an order itself: closing it is a step of this object. */
export const orderObjectId = (orderNo: number): bigint => BigInt(orderNo * idsPerOrder)

/** The object id of the unit at `rank` (from 0) in its order. */
export const unitId = (orderNo: number, rank: number): bigint => BigInt(orderNo * idsPerOrder + 1 + rank)

/** Order number and rank behind the id of an ordered unit; rank -1 is the order itself. */
export function splitUnitId(id: bigint): { orderNo: number; rank: number } {
  const number = Number(id)
  const orderNo = Math.floor(number / idsPerOrder)
  return { orderNo, rank: number - orderNo * idsPerOrder - 1 }
}
