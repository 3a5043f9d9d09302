// `npm run law`: the law of custody as a table, for inspectors and lawyers: what the judge applies, not a copy of it.
import type { FaultCode } from './claim.ts'
import { law, type Rule } from './law.ts'
import { type State, states } from './object.ts'
import { customsMay } from './refusals.ts'

type Row = readonly string[]

/** The judge's order (judge.ts, refusals.ts) in words: of several reasons against an act, the first is answered. */
export const refusalOrder: readonly (readonly [codes: readonly FaultCode[], when: string])[] = [
  [['several_logs'], 'it stands in another log than the rest of the event'],
  [['withdrawn'], 'its code order was closed before the code was used'],
  [['code_malformed', 'code_unknown', 'code_forged'], 'what the register of codes says'],
  [['already_sold'], 'at the till, whoever owns it'],
  [['withdrawn'], 'at the till, whoever owns it: recalled, blocked, voided or stolen'],
  [['wrong_state'], 'its code was ordered, but it was never marked'],
  [['withdrawn'], 'nothing carries the code any more, which was voided or replaced'],
  [['not_owner', 'not_holder', 'not_addressed'], 'it is not for the caller to do this'],
  [['withdrawn'], 'it is withdrawn, and the act is none that withdrawn goods allow'],
  [['on_hold'], 'customs hold it, and the act would move it'],
  [['wrong_state'], 'its state, or being under way or not, does not allow this'],
  [['packed_elsewhere'], 'it is packed in something else'],
  [['expired'], 'at the till: its expiry date has passed'],
]

/** The law, the order of refusals and how to read them, ready to print. */
export function lawText(): string {
  const rules = Object.entries(law)
  const order = refusalOrder.map(([codes, when], i) => [String(i + 1), codes.join(', '), when])
  return [
    'The law of custody: who may do what to an object in which state. What is in no row is forbidden.',
    '',
    ...table(['act', 'who', 'role', 'from', 'under way', 'if packed', 'becomes'], rules.map(conditions)),
    '',
    `From "any": from every state but closed. Customs need not hold the object to ${[...customsMay].join(', ')}.`,
    '',
    ...table(['act', 'as an event', 'what else changes'], rules.map(effects)),
    '',
    'The order of refusals: of several reasons the first is answered.',
    '',
    ...table(['', 'code', 'when'], order),
    '',
    'Where a product group only observes, what would be refused is recorded with a finding; not so several_logs and on_hold.',
    '',
  ].join('\n')
}

const conditions = ([act, rule]: [string, Rule]): Row => [
  act,
  rule.who,
  rule.roles?.join(', ') ?? '',
  from(rule.from),
  rule.underWay,
  rule.packed,
  rule.becomes ?? '',
]

const effects = ([act, rule]: [string, Rule]): Row => [act, rule.said, rule.effect ?? '']

const open = states.filter((state) => state !== 'closed')
const from = (list: readonly State[]): string => (open.every((state) => list.includes(state)) ? 'any' : list.join(' '))

function table(head: Row, rows: readonly Row[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]?.length ?? 0)))
  const line = (cells: Row): string =>
    widths
      .map((width, i) => (cells[i] ?? '').padEnd(width))
      .join('  ')
      .trimEnd()
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)]
}

if (process.argv[1] === import.meta.filename) process.stdout.write(lawText())
