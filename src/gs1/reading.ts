import type { CodeFault } from './fault.ts'
import type { Gtin, Serial, Sscc } from './identifiers.ts'

/** The verification tail of an own code: the id of its key (AI 91) and the check over GTIN and serial (AI 92). */
export type Tail = { keyId: string; check: string }

/** The object that a code names. `attributes` holds what else the code says, by Application Identifier. */
export type Reading =
  | { kind: 'unit'; gtin: Gtin; serial: Serial; tail?: Tail; attributes: ReadonlyMap<string, string> }
  | { kind: 'logistic'; sscc: Sscc; attributes: ReadonlyMap<string, string> }
  | { kind: 'key'; ai: string; value: string; attributes: ReadonlyMap<string, string> }
  | { kind: 'foreign'; system: string; text: string }

export type CodeAnswer = { reading: Reading; fault?: never } | { fault: CodeFault; reading?: never }
