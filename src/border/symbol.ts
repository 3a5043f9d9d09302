// The bar code that the driver carries: what the declaration says of the load, signed, so that a post without a line can read it too.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import Big from 'big.js'
import bwip from 'bwip-js/node'
import type { Pool } from 'pg'
import type { Vault } from '../db/secret.ts'
import type { Standing } from '../declarations/standing.ts'
import * as store from './symbol-store.ts'

/** The facts of a load that an officer compares with what stands before him. */
export type SymbolFacts = {
  declaration: string
  version: number
  flow: string
  reference: string
  office: string
  vehicle: string
  containers: readonly string[]
  seals: readonly string[]
  lines: number
  units: number
  grossMassKg: string
  /** SHA-256 of what is declared. */
  digest: string
}

export type SymbolReading = { facts: SymbolFacts; genuine: boolean }

export type SymbolKeys = {
  textOf(facts: SymbolFacts): string
  /** Undefined where it is no bar code of a declaration at all. */
  read(text: string): SymbolReading | undefined
  publicKeys: readonly { no: number; publicKey: string; since: string }[]
}

const head = 'TAMGA1'
const purpose = 'border-symbol'

/** The signing key of this installation, made at the first start. */
export async function openSymbolKeys(pool: Pool, vault: Vault): Promise<SymbolKeys> {
  let rows = await store.listSymbolKeys(pool)
  if (rows.length === 0) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const secret = privateKey.export({ format: 'der', type: 'pkcs8' })
    await store.insertSymbolKey(pool, publicKey.export({ format: 'der', type: 'spki' }), vault.seal(secret, purpose))
    rows = await store.listSymbolKeys(pool)
  }
  const [newest] = rows
  if (!newest) throw new Error('the key of the bar codes was not kept')
  const secret = createPrivateKey({ key: vault.open(newest.secret, purpose), format: 'der', type: 'pkcs8' })
  const known = new Map(
    rows.map(({ no, publicKey }) => [no, createPublicKey({ key: publicKey, format: 'der', type: 'spki' })]),
  )
  return {
    textOf: (facts) => {
      const signed = [head, newest.no, ...fieldsOf(facts)].map((field) => encode(String(field))).join('|')
      return `${signed}|${sign(null, Buffer.from(signed), secret).toString('base64url')}`
    },
    read: (text) => readSymbol(text, known),
    publicKeys: rows.map(({ no, publicKey, createdAt }) => ({
      no,
      publicKey: publicKey.toString('base64'),
      since: createdAt.toISOString(),
    })),
  }
}

/** Half a character, which JSON can bring, has no bytes. */
const encode = (text: string): string => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
const list = (values: readonly string[]): string => values.map(encode).join(',')
const unlist = (text: string): string[] =>
  text === '' ? [] : text.split(',').map((value) => decodeURIComponent(value))

const fieldsOf = (facts: SymbolFacts): (string | number)[] => [
  facts.declaration,
  facts.version,
  facts.flow,
  facts.reference,
  facts.office,
  facts.vehicle,
  list(facts.containers),
  list(facts.seals),
  facts.lines,
  facts.units,
  facts.grossMassKg,
  facts.digest,
]

const fieldCount = 12

function readSymbol(scanned: string, keys: ReadonlyMap<number, KeyObject>): SymbolReading | undefined {
  const text = scanned.trim().replace(/^\][zQ][0-9a-c]/, '') // What a scanner says of the symbology (AIM).
  if (!text.startsWith(`${head}|`)) return undefined
  const cut = text.lastIndexOf('|')
  try {
    const [, keyNo, ...fields] = text
      .slice(0, cut)
      .split('|')
      .map((field) => decodeURIComponent(field))
    const key = keys.get(Number(keyNo))
    const signature = Buffer.from(text.slice(cut + 1), 'base64url')
    const exact = signature.toString('base64url') === text.slice(cut + 1)
    const genuine = exact && key !== undefined && verify(null, Buffer.from(text.slice(0, cut)), key, signature)
    return { facts: factsOf(fields), genuine: genuine && fields.length === fieldCount }
  } catch {
    return { facts: factsOf([]), genuine: false } // Broken percent-encoding: not what we wrote.
  }
}

function factsOf(fields: readonly string[]): SymbolFacts {
  const [declaration = '', version, flow = '', reference = '', office = '', vehicle = '', containers = ''] = fields
  const [seals = '', lines, units, grossMassKg = '', digest = ''] = fields.slice(7)
  return {
    // Anybody can print a bar code: what is no id of ours is asked of nobody.
    declaration: /^[0-9a-z]{12}$/.test(declaration) ? declaration : '',
    version: Number.isSafeInteger(Number(version)) ? Number(version) : 0,
    flow,
    reference,
    office,
    vehicle,
    containers: unlist(containers),
    seals: unlist(seals),
    lines: Number(lines),
    units: Number(units),
    grossMassKg,
    digest,
  }
}

/** What the code of a declaration says, as its newest version stands. */
export function symbolFacts({ id, current, decisions }: Standing): SymbolFacts {
  const { content, version, digest } = current.body
  const masses = content.items.map(({ grossMassKg }) => grossMassKg)
  return {
    declaration: id,
    version,
    flow: content.flow,
    reference: content.reference,
    office: content.office,
    vehicle: content.transport.id,
    containers: content.containers ?? [],
    seals: content.seals ?? [],
    lines: content.items.length,
    units: decisions.at(-1)?.body.sampleOf ?? 0,
    grossMassKg: masses.includes(undefined)
      ? ''
      : masses.reduce((sum, mass) => sum.plus(mass ?? 0), new Big(0)).toFixed(),
    digest,
  }
}

/** As an Aztec code (ISO/IEC 24778), which needs no quiet zone and is read from a creased paper or a telephone. */
export const drawSymbol = (text: string): string =>
  bwip.toSVG({ bcid: 'azteccode', text, scale: 3, padding: 6, backgroundcolor: 'FFFFFF' })
