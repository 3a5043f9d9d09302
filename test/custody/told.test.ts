// How many stories are told, and that each of them knows a refusal or is about what must never be refused.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { repository } from '../support/repository.ts'

const folder = join(repository, 'test/custody')

t.test('sixty stories and more, and most of them with a refusal', async (t) => {
  const stories: { file: string; name: string; text: string }[] = []
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.test.ts')).sort()) {
    const source = await readFile(join(folder, file), 'utf8')
    for (const [, name = '', text = ''] of source.matchAll(/^ {2}(?:'|")(.+?)(?:'|"): `\n([^`]+)`/gm)) {
      stories.push({ file, name, text })
    }
  }
  const verdicts = stories.flatMap(({ text }) =>
    [...text.matchAll(/=\s*([a-z_]+)\s*(?:#.*)?$/gm)].map(([, verdict]) => verdict),
  )
  const refusing = stories.filter(({ text }) =>
    [...text.matchAll(/=\s*([a-z_]+)\s*(?:#.*)?$/gm)].some(([, is]) => is !== 'ok'),
  )
  t.ok(stories.length >= 60, `${stories.length} stories`)
  t.ok(refusing.length >= 60, `${refusing.length} of them with a refusal`)
  t.equal(new Set(stories.map(({ file, name }) => `${file} ${name}`)).size, stories.length)
  const refusals = new Set(verdicts.filter((verdict) => verdict !== 'ok'))
  for (const code of ['not_owner', 'not_holder', 'not_addressed', 'wrong_state', 'packed_elsewhere', 'already_sold']) {
    t.ok(refusals.has(code), code)
  }
  for (const code of ['withdrawn', 'on_hold', 'expired', 'code_unknown', 'not_mandated', 'role_missing']) {
    t.ok(refusals.has(code), code)
  }
  t.comment(
    `${stories.length} stories of ${verdicts.length} lines, ${refusing.length} with a refusal: ${[...refusals].sort().join(', ')}`,
  )
})
