/** What is wrong with a code, where, and by which rule; never an exception, because a bad code is everyday input. */
export type CodeFault = {
  code: 'code_malformed' | 'gtin_check_digit'
  /** One sentence for people: what is wrong and what to do. */
  detail: string
  /** The Application Identifier concerned. */
  ai?: string
  /** Offset of the offending character in the text as given, counted in UTF-16 units from 0. */
  at?: number
  /** The rule that refused: the name of a linter of the GS1 dictionary, or one of our own (`length`, `unknown_ai`, …). */
  rule?: string
  /** Set where one known mishap of scanning explains a text that would otherwise read well. */
  hint?: CodeHint
}

export type CodeHint = 'keyboard_layout' | 'lost_gs' | 'changed_case'

/** What happened between the goods and us, and what the person at the scanner can do about it. */
export const hintTexts = {
  keyboard_layout:
    'The scanner typed this code with a Cyrillic keyboard layout. Switch the layout to Latin, then scan it again.',
  lost_gs:
    'The group separators of this code were lost. Set the scanner to transmit GS (ASCII 29), then scan it again.',
  changed_case:
    'The letters of this code changed between upper and lower case. Switch Caps Lock off, then scan it again.',
} as const satisfies Record<CodeHint, string>

export type Parsed<T> = { value: T; fault?: never } | { fault: CodeFault; value?: never }

export const ok = <T>(value: T): Parsed<T> => ({ value })

export function malformed(
  rule: string,
  detail: string,
  place: { ai?: string; at?: number } = {},
): { fault: CodeFault } {
  return { fault: { code: 'code_malformed', rule, detail, ...place } }
}
