import type { Entry, FactValue } from '../declarations/bodies.ts'

/** Builds facts of one scope; a name that is not set by the end is unknown. */
export class FactSheet<Name extends string> {
  readonly facts: Partial<Record<Name, FactValue>> = {}
  set(
    name: Name,
    value: string | number | boolean | readonly string[],
    from: { entries?: readonly Entry[]; codes?: readonly string[] } = {},
  ): void {
    const entries = from.entries && from.entries.length > 0 ? { entries: from.entries } : {}
    const codes = from.codes && from.codes.length > 0 ? { codes: from.codes } : {}
    this.facts[name] = { value, ...entries, ...codes }
  }
  unknown(name: Name, why: string): void {
    this.facts[name] = { unknown: why }
  }
}
