import type { CodeHint } from './fault.ts'

const QWERTY = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./" + '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?' + '@#$^&'
const JCUKEN = 'ёйцукенгшщзхъфывапролджэячсмитьбю.' + 'ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,' + '"№;:?'
const keys = new Map([...JCUKEN].map((character, i) => [character, QWERTY.charAt(i)] as const))

/** What the same keys give on a Latin layout; undefined where there is no Cyrillic letter to betray the layout. */
export function fromCyrillicLayout(text: string): string | undefined {
  if (!/[\u0400-\u04ff]/.test(text)) return undefined
  return [...text].map((character) => keys.get(character) ?? character).join('')
}

// How software writes FNC1 when it does not pass \x1d on.
const STAND_INS = [
  '<GS>',
  '{GS}',
  '[GS]',
  '<FNC1>',
  '{FNC1}',
  '<0x1D>',
  '&#29;',
  '%1D',
  '%1d',
  '^]',
  '\\x1d',
  '\\x1D',
  '\\u001d',
  '\\u001D',
  '\\F',
  '~1',
  '\u241d',
  '\u2194',
  '\t',
  ' ',
  '^',
  '|',
  '#',
  '~',
  '@',
]

/*
 * A unit's code with our own tail, or with one of the neighbours': 91 and 92 with a check of known length, or 93 with 4
 * characters. Some of its separators may be there, and a symbology identifier in front.
 */
const UNIT = '((?:\\]..)?\\x1d?01\\d{14}21[^\\x1d]{1,20}?)'
const WITH_TAIL = [
  new RegExp(`^${UNIT}\\x1d?(91[^\\x1d]{4})\\x1d?(92(?:.{88}|.{86}|.{44}|.{16}))\\x1d?$`),
  new RegExp(`^${UNIT}\\x1d?(93[^\\x1d]{4})\\x1d?$`),
]

/** The ways in which FNC1 may have been between the parts of a unit's code before it was lost or replaced. */
export function* withSeparators(text: string): Generator<string> {
  for (const standIn of STAND_INS) if (text.includes(standIn)) yield text.replaceAll(standIn, '\x1d')
  for (const pattern of WITH_TAIL) {
    const parts = pattern.exec(text)
    const repaired = parts?.slice(1).join('\x1d')
    if (repaired !== undefined && repaired !== text) yield repaired
  }
}

/** The same letters in the other case, as a keyboard with Caps Lock or a careless conversion leaves them. */
export function* withOtherCase(text: string): Generator<string> {
  const swapped = [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('')
  for (const candidate of new Set([swapped, text.toLowerCase(), text.toUpperCase()]))
    if (candidate !== text) yield candidate
}

/** A code longer than this is no mishap of a scanner, so that guessing stays cheap. */
const LONGEST = 512

/**
 * What a text that does not read may have been before a known mishap, most likely first. Who verifies tails can use it
 * too: a forged-looking code whose repaired text verifies was misread, not forged.
 */
export function* repairs(text: string): Generator<{ hint: CodeHint; text: string }> {
  if (text.length > LONGEST) return
  const latin = fromCyrillicLayout(text)
  if (latin !== undefined) {
    yield { hint: 'keyboard_layout', text: latin }
    for (const repaired of withSeparators(latin)) yield { hint: 'keyboard_layout', text: repaired }
    return
  }
  for (const repaired of withSeparators(text)) yield { hint: 'lost_gs', text: repaired }
  for (const repaired of withOtherCase(text)) yield { hint: 'changed_case', text: repaired }
}
