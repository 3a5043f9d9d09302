import t from 'tap'
import type { Claim, FaultCode, Subject } from '../../src/custody/claim.ts'
import { law, type Act } from '../../src/custody/law.ts'
import { flag, standing, type State, states, type Step, unborn } from '../../src/custody/object.ts'
import { lawText, refusalOrder } from '../../src/custody/print-law.ts'
import { refuse } from '../../src/custody/refusals.ts'

const me = 1
const other = 2
const subject: Subject = { id: 1n, path: '/codes/0', code: 'U1', observe: false, orderedBy: me, orderObject: null }

/** What the judge answers when all of this is true of one object. */
function answer(act: Act, what: Partial<Step>, of: Partial<Subject> = {}): string | undefined {
  const container = act === 'unpack' ? { container: { ...subject, id: -1n } } : {}
  const claim: Claim = { principal: me, parts: [], eventTimeMs: 0, to: { participant: other }, ...container }
  const own: Step = { ...unborn(1n), position: 0, state: 'active', owner: me, holder: me, ...what }
  const pallet: Step = { ...own, id: -1n, state: 'active', parent: null }
  const around = { ids: new Set<bigint>(), nestingMax: 8 }
  const now = standing(own, () => pallet)
  return refuse(claim, act, { ...subject, ...of, id: own.id }, now, around)?.code
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

// Each line is read as text, as an inspector would, and the judge is asked about every case that it speaks of.
const everyState = states.filter((state) => state !== 'closed')
const whose: Record<string, (who: Who) => boolean> = {
  anyone: () => true,
  authority: () => true,
  recorder: () => true,
  orderer: ({ ordered, state, owner }) => (state === 'ordered' ? ordered : owner),
  holder: ({ holder, state }) => holder || state === 'ordered',
  owner: ({ owner }) => owner,
  'holder or sender': ({ holder }) => holder,
  'holder or owner': ({ holder, owner }) => holder || owner,
  involved: ({ holder, owner, addressee }) => holder || owner || addressee,
  'owner and holder': ({ holder, owner }) => holder && owner,
  addressee: ({ addressee, underWay }) => addressee && underWay,
  sender: ({ holder, underWay }) => holder && underWay,
  seller: ({ owner }) => owner,
}
type Who = { ordered: boolean; owner: boolean; holder: boolean; addressee: boolean; underWay: boolean; state: State }

const lines = lawText().split('\n')
const head = lines.find((line) => line.startsWith('act')) ?? ''
const columns = ['act', 'who', 'role', 'from', 'under way', 'if packed', 'becomes'].map((title) => head.indexOf(title))
const cells = (line: string) => columns.map((from, i) => line.slice(from, columns[i + 1]).trim())

for (const line of lines.slice(lines.indexOf(head) + 2, lines.indexOf('', lines.indexOf(head)))) {
  const [act = '', who = '', , from = '', underWay = '', packed = ''] = cells(line)
  t.test(line.replaceAll(/ {2,}/g, ' | '), async (t) => {
    const allowed = from === 'any' ? everyState : from.split(' ')
    const wrong: string[] = []
    for (const state of everyState) {
      for (let bits = 0; bits < 64; bits++) {
        const [ordered, owner, holder, addressee, moves, isPacked] = [1, 2, 4, 8, 16, 32].map((bit) => (bits & bit) > 0)
        const asked: Who = {
          ordered: ordered === true,
          owner: owner === true,
          holder: holder === true,
          addressee: addressee === true,
          underWay: moves === true && !['sold', 'exported', 'destroyed', 'stolen'].includes(state),
          state,
        }
        const own = {
          state,
          owner: asked.owner ? me : other,
          holder: asked.holder ? me : other,
          sender: moves ? (asked.holder ? me : other) : null,
          addressee: asked.addressee ? me : other,
          flags: (moves ? flag.underWay : 0) | (act === 'lift_hold' ? flag.held : 0),
          parent: isPacked ? -1n : null,
          // A unit is no container before it is marked.
          ...(act === 'open_container' ? { id: -2n } : {}),
        }
        const found = answer(act as Act, own, { orderedBy: asked.ordered ? me : other })
        const fits =
          allowed.includes(state) &&
          whose[who]?.(asked) === true &&
          (underWay === 'either' || (underWay === 'yes') === asked.underWay) &&
          !(packed === 'refused' && isPacked) &&
          // What comes out of a container is in it.
          (act !== 'unpack' || isPacked === true)
        if (fits !== (found === undefined)) wrong.push(`${JSON.stringify({ ...asked, isPacked })}: ${found ?? 'ok'}`)
      }
    }
    t.same(wrong.slice(0, 3), [])
  })
}
