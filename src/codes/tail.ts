// The verification tail: proof that GTIN and serial were issued together. Computed, never stored (design D3).
//
//   message   tamga-tail-1:<key id>:01<gtin>21<serial>            ASCII; the first part keeps it apart from all else we sign
//   mac       the first 96 bits of HMAC-SHA-256 (RFC 2104) over it, base64url: 16 characters; only we can check it
//   signature Ed25519 (RFC 8032) over it, base64url: 86 characters; whoever has the published key can check it
//
// On the carrier: AI 91 is the key id, AI 92 the check.
import { sign, verify, type KeyObject } from 'node:crypto'
import type { Tail } from '../gs1/read.ts'
import { mac } from './mac.ts'

export type TailKind = 'mac' | 'signature'

/** A key with its secret: 32 bytes of HMAC key, or an Ed25519 private key. KeyObjects, for raw bytes halve the speed. */
export type TailKey = { readonly no: number; readonly id: string; readonly kind: TailKind; readonly secret: KeyObject }

/** What a tail says about a code; `absent` also where the code carries a tail that is not ours to judge. */
export type TailVerdict = 'valid' | 'absent' | 'forged'

export const tailLength = { mac: 16, signature: 86 } as const satisfies Record<TailKind, number>
const macBytes = 12

/** What is authenticated. GTIN and key id have fixed lengths, so no two codes share a message. */
export const tailMessage = (keyId: string, gtin: string, serial: string): string =>
  `tamga-tail-1:${keyId}:01${gtin}21${serial}`

/** The check (AI 92) of a code under a key. The same key and code always give the same characters. */
export function makeCheck(key: TailKey, gtin: string, serial: string): string {
  const message = tailMessage(key.id, gtin, serial)
  if (key.kind === 'signature') return sign(null, Buffer.from(message, 'latin1'), key.secret).toString('base64url')
  // Cutting the text is cutting the bits: 16 characters of base64url are exactly 96.
  return mac(key.secret, message).slice(0, (macBytes / 3) * 4)
}

export const makeTail = (key: TailKey, gtin: string, serial: string): Tail => ({
  keyId: key.id,
  check: makeCheck(key, gtin, serial),
})

/** Whether two texts of ASCII are equal; for texts of one length the time does not depend on where they differ. */
function equalInConstantTime(expected: string, given: string): boolean {
  if (expected.length !== given.length) return false
  let differs = 0
  // Without a branch on what is compared, and without two buffers for each code of ten thousand.
  for (let i = 0; i < expected.length; i++) differs |= expected.charCodeAt(i) ^ given.charCodeAt(i)
  return differs === 0
}

/**
 * Checks a tail against the key of the code's order; `changed_case` where it would be right but for the case of its letters
 * (a scanner that types with Caps Lock). A signature is made anew and compared: Ed25519 is deterministic (RFC 8032, 5.1.6),
 * signing takes a third of verifying, and a second spelling of the same signature is refused for free.
 */
export function judgeTail(key: TailKey, gtin: string, serial: string, tail: Tail): 'valid' | 'forged' | 'changed_case' {
  if (tail.check.length !== tailLength[key.kind] || tail.keyId.length !== key.id.length) return 'forged'
  const sameKey = tail.keyId === key.id
  if (!sameKey && tail.keyId.toUpperCase() !== key.id) return 'forged'
  const expected = makeCheck(key, gtin, serial)
  if (sameKey && equalInConstantTime(expected, tail.check)) return 'valid'
  const isMishap = [expected, ...otherCases(expected)].some((changed) => equalInConstantTime(changed, tail.check))
  return isMishap ? 'changed_case' : 'forged'
}

/** What Caps Lock and careless conversions make of a text: one letter alone in the other case is somebody's guess. */
const otherCases = (text: string): string[] => [
  text.toUpperCase(),
  text.toLowerCase(),
  text.replace(/[a-z]|([A-Z])/g, (letter, upper) =>
    upper === undefined ? letter.toUpperCase() : letter.toLowerCase(),
  ),
]

/**
 * What anybody can do with the key that GET /keys publishes: whether a `signature` tail belongs to the code.
 * @param publicKey an Ed25519 public key
 */
export function verifySignature(publicKey: KeyObject, gtin: string, serial: string, tail: Tail): boolean {
  if (tail.check.length !== tailLength.signature) return false
  const signature = Buffer.from(tail.check, 'base64url')
  // 86 characters have four bits to spare; only the spelling that we write counts.
  if (signature.toString('base64url') !== tail.check) return false
  return verify(null, Buffer.from(tailMessage(tail.keyId, gtin, serial), 'latin1'), publicKey, signature)
}

/**
 * Finds the tail in a code whose group separators were lost: AI 91 then swallowed AI 92 (`KKKK92check`), or the serial
 * swallowed AI 91. Undefined where nothing points to that. Only for codes that are not known as they stand.
 */
export function withoutLostSeparator(
  serial: string,
  attributes: ReadonlyMap<string, string>,
): { serial: string; tail: Tail } | undefined {
  const field91 = attributes.get('91')
  const field92 = attributes.get('92')
  if (field91 !== undefined && field92 === undefined) {
    const match = /^([0-9A-Z]{4})92([\w-]{16}|[\w-]{86})$/.exec(field91)
    if (match?.[1] && match[2]) return { serial, tail: { keyId: match[1], check: match[2] } }
  }
  if (field91 === undefined && field92 !== undefined) {
    const match = /^(.+)91([0-9A-Z]{4})$/.exec(serial)
    if (match?.[1] && match[2]) return { serial: match[1], tail: { keyId: match[2], check: field92 } }
  }
  return undefined
}
