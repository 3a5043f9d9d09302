import type { Pool } from 'pg'
import { type FormOptions, type Forms, forms, prefixDigits } from '../gs1/forms.ts'
import { prefixLengthIn } from '../gs1/epc-read.ts'
import { markOf, systemOf } from '../gs1/foreign.ts'
import { type Reading, readCode } from '../gs1/read.ts'
import { codeProblem } from '../http/problem.ts'
import { findPrefixLength } from '../participants/company-prefix-store.ts'
import type { Resolver } from './resolve.ts'
import type { TailVerdict } from './tail.ts'

export type CodeForms = Forms & {
  kind: Reading['kind']
  gtin?: string
  serial?: string
  sscc?: string
  /** Of other keys. */
  ai?: string
  value?: string
  /** What the code says besides, by Application Identifier. */
  attributes: Record<string, string>
  /** Whose mark it is, where it is another system's. */
  mark?: string
  /** Of a unit of ours: whether the tail that was given is right. No tail is ever made here (design D3). */
  tail?: TailVerdict
}

const canonicalHost = 'id.gs1.org'

/**
 * All forms in which the object of a code can be written.
 * @param given `prefixLength` is by default what the text says, if it is an EPC, or else that of the participant who
 *   registered the company prefix of this key; `hostname` that of the canonical link
 * @throws Problem code_malformed, gtin_check_digit
 */
export async function formsOf(
  { resolver, pool }: { resolver: Resolver; pool: Pool },
  text: string,
  given: FormOptions,
): Promise<CodeForms> {
  const { reading, fault } = readCode(text)
  if (fault) throw codeProblem('/code', fault)
  const [answer] = await resolver.resolve([reading])
  // A code of ours that was misread on its way here: its forms would be those of something else.
  if (answer?.fault?.code === 'code_malformed') throw codeProblem('/code', answer.fault)
  const known = given.prefixLength ?? (await prefixLengthOf(pool, text, reading))
  const system = systemOf(reading)
  const ours = answer?.kind === 'unit' && answer.order !== undefined
  return {
    ...named(reading),
    attributes: Object.fromEntries(reading.attributes ?? []),
    ...(system === undefined || ours ? {} : { mark: markOf(system) }),
    ...(ours ? { tail: answer.tail } : {}),
    ...forms(reading, {
      hostname: canonicalHost,
      ...given,
      ...(known === undefined ? {} : { prefixLength: known }),
    }),
  }
}

/** An EPC tells how long its company prefix is; of any other form the register does. */
async function prefixLengthOf(pool: Pool, text: string, reading: Reading): Promise<number | undefined> {
  const { gtin, sscc, value } = named(reading)
  const digits = prefixDigits(reading)
  if (digits === undefined) return undefined
  return prefixLengthIn(text, gtin ?? sscc ?? value ?? '') ?? (await findPrefixLength(pool, digits))
}

function named(reading: Reading): Pick<CodeForms, 'kind' | 'gtin' | 'serial' | 'sscc' | 'ai' | 'value'> {
  const { kind } = reading
  switch (kind) {
    case 'unit':
      return { kind, gtin: reading.gtin, serial: reading.serial }
    case 'logistic':
      return { kind, sscc: reading.sscc }
    case 'key':
      return { kind, ai: reading.ai, value: reading.value }
    case 'foreign':
      return { kind }
  }
}
