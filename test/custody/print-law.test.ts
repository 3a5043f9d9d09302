import t from 'tap'
import type { Claim, FaultCode, Subject } from '../../src/custody/claim.ts'
import { law, type Act } from '../../src/custody/law.ts'
import { flag, standing, type Step, unborn } from '../../src/custody/object.ts'
import { lawText, refusalOrder } from '../../src/custody/print-law.ts'
import { refuse } from '../../src/custody/refusals.ts'

const me = 1
const other = 2
const subject: Subject = { id: 1n, path: '/codes/0', code: 'U1', observe: false, orderedBy: me, orderObject: null }

/** What the judge answers when all of this is true of one object. */
function answer(act: Act, what: Partial<Step>, of: Partial<Subject> = {}): string | undefined {
  const claim: Claim = { principal: me, parts: [], eventTimeMs: 0, to: { participant: other } }
  const own: Step = { ...unborn(1n), position: 0, state: 'active', owner: me, holder: me, ...what }
  const pallet: Step = { ...own, id: -1n, state: 'active', parent: null }
  const around = { ids: new Set<bigint>(), nestingMax: 8 }
  const now = standing(own, () => pallet)
  return refuse(claim, act, { ...subject, ...of }, now, around)?.code
}

t.test('every act of the law stands in both tables', async (t) => {
  const lines = lawText().split('\n')
  for (const act of Object.keys(law)) {
    const rows = lines.filter((line) => line.split(/ {2,}/)[0] === act)
    t.equal(rows.length, 2, act)
    t.match(rows[1], law[act as Act].said)
  }
})

t.test('columns stand below their titles', async (t) => {
  const lines = lawText().split('\n')
  const head = lines.find((line) => line.startsWith('act')) ?? ''
  const sell = lines.find((line) => line.startsWith('sell ')) ?? ''
  for (const [title, text] of [
    ['who', 'owner and holder'],
    ['role', 'retailer'],
    ['from', 'active opened'],
    ['under way', 'no'],
    ['if packed', 'taken out'],
    ['becomes', 'sold'],
  ] as const) {
    t.ok(sell.slice(head.indexOf(title)).startsWith(text), title)
  }
})

t.test('every code of a refusal is in the order', async (t) => {
  const all: Record<FaultCode, true> = {
    code_unknown: true,
    code_forged: true,
    code_malformed: true,
    not_owner: true,
    not_holder: true,
    not_addressed: true,
    wrong_state: true,
    packed_elsewhere: true,
    already_sold: true,
    withdrawn: true,
    on_hold: true,
    expired: true,
    several_logs: true,
  }
  t.same([...new Set(refusalOrder.flatMap(([codes]) => codes))].sort(), Object.keys(all).sort())
})

t.test('the printed order is the one that the judge keeps', async (t) => {
  const held = { flags: flag.held }
  const packed = { parent: -1n }
  t.equal(answer('sell', { state: 'sold', owner: other }, { fault: 'code_forged' }), 'code_forged')
  t.equal(answer('sell', { state: 'sold', owner: other }), 'already_sold')
  t.equal(answer('sell', { state: 'withdrawn', owner: other }), 'withdrawn')
  t.equal(answer('ship', { state: 'ordered', owner: other, holder: other }), 'wrong_state')
  t.equal(answer('destroy', { state: 'exported', holder: other, ...held }), 'not_holder')
  t.equal(answer('pack', { state: 'withdrawn', ...held, ...packed }), 'withdrawn')
  t.equal(answer('pack', { state: 'opened', ...held, ...packed }), 'on_hold')
  t.equal(answer('pack', { state: 'opened', ...packed }), 'wrong_state')
  t.equal(answer('pack', { ...packed }), 'packed_elsewhere')
  t.equal(answer('pack', {}), undefined)
})
