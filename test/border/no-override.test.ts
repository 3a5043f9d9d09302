import t from 'tap'
import { tamper, verify } from '../proof/bundle.ts'
import { testApp } from '../support/app.ts'
import { declaration, load, lodge, post } from './load.ts'
import { walk, wrongReleases } from './walk.ts'

t.test('every role, every call, in any order: nothing is released with a check outstanding', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const seed = Number(process.env['SEED'] ?? 20261122)
  const { statuses, released } = await walk(app, border, Number(process.env['TRIES'] ?? 600), seed)
  t.comment(
    `seed ${seed}: ${[...statuses]
      .sort()
      .map(([status, count]) => `${status} ${count}`)
      .join(', ')}; ${released} releases`,
  )
  t.ok(released > 0, 'some are released')
  t.ok((statuses.get(409) ?? 0) > 0 && (statuses.get(403) ?? 0) > 0)
  t.same(await wrongReleases(app), [])
})

t.test('an edit behind the service is found by the verifier', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { sscc } = await load(border)
  const told = await lodge(border, border.maker, declaration([sscc], 11))
  await app.app.close()
  const url = app.database.adminUrl
  const look = () => verify('log', '--database', url, '--no-steps')
  t.equal((await look()).status, 0)
  const edits: [what: string, edit: string, undo: string, found: RegExp][] = [
    [
      'one byte of a decision',
      `update border_act set body = body || ' ' where kind = 'decided'`,
      `update border_act set body = rtrim(body)`,
      /the decided that is stored is not/,
    ],
    [
      'a release from nowhere',
      `insert into border_act select 1000, 'released', '${told.id}', now(), 0, null, '{}'`,
      `delete from border_act where position = 1000`,
      /no entry tells of/,
    ],
    [
      'a decision that is gone',
      `update border_act set position = position + 1000 where kind = 'decided'`,
      `update border_act set position = position - 1000 where kind = 'decided'`,
      /what it tells of \(decided\) is not stored/,
    ],
    [
      'an act of somebody else',
      `update border_act set participant = participant + 1 where kind = 'lodged'`,
      `update border_act set participant = participant - 1 where kind = 'lodged'`,
      /by others/,
    ],
    [
      'other units',
      `update declared_line set units = units + '{[1,2)}'`,
      `update declared_line set units = units - '{[1,2)}'`,
      /other units than were frozen/,
    ],
    [
      'another reference',
      `update declaration set reference = reference || 'x'`,
      `update declaration set reference = rtrim(reference, 'x')`,
      /is not what entry/,
    ],
  ]
  for (const [what, edit, undo, found] of edits) {
    await tamper(url, edit)
    const { status, text } = await look()
    t.equal(status, 1, what)
    t.match(text, found)
    await tamper(url, undo)
  }
  t.equal((await look()).status, 0)
})
