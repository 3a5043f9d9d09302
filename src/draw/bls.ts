// The signatures of drand's rounds: a round that is not signed by its chain is no round, whoever answered.
import { createHash } from 'node:crypto'
import { bls12_381 as bls } from '@noble/curves/bls12-381.js'

/**
 * What a drand chain says of itself (`/info`). The chain hash, which its address names, covers all of it, so that an address pins the
 * key (drand specification, "chain info").
 */
export type ChainInfo = {
  genesis: number
  period: number
  publicKey: string
  scheme: string
  groupHash: string
  beaconId: string
}

export type SignedRound = { round: number; signature: string; previous?: string }

const g1 = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_'
const g2 = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_'

/** Where signatures lie, by which tag they are hashed to there (RFC 9380), and whether a round covers the one before. */
const schemes: Readonly<Record<string, { short: boolean; tag: string; chained: boolean }>> = {
  'pedersen-bls-chained': { short: false, tag: g2, chained: true },
  'pedersen-bls-unchained': { short: false, tag: g2, chained: false },
  // The first chain with short signatures took the tag of the long ones.
  'bls-unchained-on-g1': { short: true, tag: g2, chained: false },
  'bls-unchained-g1-rfc9380': { short: true, tag: g1, chained: false },
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const bigEndian = (value: number, bytes: 4 | 8): Buffer => {
  const text = value.toString(16).padStart(2 * bytes, '0')
  return Buffer.from(text, 'hex')
}

export function chainHash({ genesis, period, publicKey, groupHash, beaconId }: ChainInfo): string {
  const named = beaconId === '' || beaconId === 'default' ? [] : [Buffer.from(beaconId, 'utf8')]
  const [key, group] = [Buffer.from(publicKey, 'hex'), Buffer.from(groupHash, 'hex')]
  return sha256(bigEndian(period, 4), bigEndian(genesis, 8), key, group, ...named).toString('hex')
}

/** Whether the chain signed this round. */
export function isSigned(chain: Pick<ChainInfo, 'publicKey' | 'scheme'>, told: SignedRound): boolean {
  const scheme = schemes[chain.scheme]
  if (!scheme || (scheme.chained && told.previous === undefined)) return false
  const previous = scheme.chained ? [Buffer.from(told.previous ?? '', 'hex')] : []
  const message = sha256(...previous, bigEndian(told.round, 8))
  const [signature, key] = [Buffer.from(told.signature, 'hex'), Buffer.from(chain.publicKey, 'hex')]
  try {
    const { shortSignatures, longSignatures } = bls
    return scheme.short
      ? shortSignatures.verify(signature, shortSignatures.hash(message, scheme.tag), key)
      : longSignatures.verify(signature, longSignatures.hash(message, scheme.tag), key)
  } catch {
    return false // No point of the curve.
  }
}

/** What a round's signature makes of itself. */
export const randomnessOf = (signature: string): string => sha256(Buffer.from(signature, 'hex')).toString('hex')

/** Chains that are known without asking, by their hash: of drand's league of entropy. */
export const knownChains: Readonly<Record<string, ChainInfo>> = Object.fromEntries(
  [
    {
      genesis: 1_692_803_367,
      period: 3,
      publicKey:
        '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
      scheme: 'bls-unchained-g1-rfc9380',
      groupHash: 'f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e',
      beaconId: 'quicknet',
    },
    {
      genesis: 1_595_431_050,
      period: 30,
      publicKey: '868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31',
      scheme: 'pedersen-bls-chained',
      groupHash: '176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a',
      beaconId: 'default',
    },
  ].map((chain) => [chainHash(chain), chain]),
)

/** The chain that an address names by its hash; undefined where it names none. */
export const hashOf = (url: string): string | undefined => /\/([0-9a-f]{64})\/?$/.exec(url)?.[1]
