// What the trader learns, and when: never a lane before the goods are there, never more of a rule than it discloses.
import t from 'tap'
import { testApp } from '../support/app.ts'
import { declaration, enforce, load, post, type Told } from './load.ts'

type View = Omit<Told, 'required'> & {
  lane?: string
  required: { check: string; text: string; legalBasis?: string }[]
  reasons?: { rule?: string; category: string; text?: string; legalBasis?: string }[]
  legalBasis?: string[]
}

const rule = (id: string, disclosure: string, more: Record<string, unknown> = {}) => ({
  id,
  when: `led.pieces${id.startsWith('Over') ? 'Over' : 'Short'} > 0.0`,
  text: `Rule ${id}`,
  category: `Kind of ${id}`,
  legalBasis: `Article ${id}`,
  lane: 'yellow',
  disclosure,
  ...more,
})

/** `yellow | documents: Article A | A Kind of A`: lane; what to do and by which law; what is told of the reasons. */
const line = ({ lane, required, reasons }: View): string =>
  [
    lane ?? '-',
    required.map(({ check, legalBasis }) => `${check}${legalBasis === undefined ? '' : `: ${legalBasis}`}`).join(', '),
    (reasons ?? []).map((reason) => [reason.rule ?? '?', reason.category, reason.text ?? '?'].join('/')).join(', '),
  ].join(' | ')

t.test('by disclosure, once the goods are there', async (t) => {
  const table: [rules: ReturnType<typeof rule>[], before: string, after: string][] = [
    [[rule('Full', 'full')], '- | present | ', 'yellow | documents: Article Full | Full/Kind of Full/Rule Full'],
    [[rule('Part', 'category')], '- | present | ', 'yellow | documents: Article Part | ?/Kind of Part/?'],
    [[rule('None', 'none')], '- | present | ', 'yellow | documents | '],
    [
      [rule('A', 'full', { checks: ['weight'] }), rule('B', 'category', { checks: ['seals'] })],
      '- | present | ',
      'yellow | documents: Article A, seals: Article B, weight: Article A | A/Kind of A/Rule A, ?/Kind of B/?',
    ],
    [
      [rule('C', 'none', { checks: ['weight'] }), rule('D', 'full')],
      '- | present | ',
      'yellow | documents: Article D, weight | D/Kind of D/Rule D',
    ],
    [
      [rule('E', 'full', { doNotLoad: true })],
      'yellow | do_not_load: Article E, present | E/Kind of E/Rule E',
      'yellow | documents: Article E | E/Kind of E/Rule E',
    ],
  ]
  const app = await testApp(t)
  const border = await post(app)
  for (const [rules, before, after] of table) {
    await enforce(border, { rules, name: rules.map(({ id }) => id).join() })
    const body = declaration([(await load(border)).sscc], 13)
    const { id } = await border.maker.expect<View>(201, 'POST', '/declarations', body)
    const path = `/declarations/${id}`
    t.equal(line(await border.maker.expect<View>(200, 'GET', path)), before)
    await border.maker.expect(201, 'POST', `${path}/presentations`, { office: 'KG-BISHKEK', vehicle: 'X' })
    const told = await border.maker.expect<View>(200, 'GET', path)
    t.equal(line(told), after)
    const text = JSON.stringify(told)
    for (const word of ['entries', 'decisions', 'inspector', 'facts', 'draws', 'provenance'])
      t.notOk(text.includes(`"${word}"`))
    for (const each of rules)
      if (each.disclosure === 'none') t.notOk(text.includes(each.text) || text.includes(each.legalBasis))
    await border.rival.expect(404, 'GET', path)
  }
})
