import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aiTable } from '../../src/gs1/ai-table.ts'
import { applicationIdentifiers, identifierAt } from '../../src/gs1/ai.ts'
import { parseDictionary, renderTable } from '../../src/gs1/generate-ai-table.ts'
import { linters } from '../../src/gs1/linters.ts'
import { corporaFolder } from '../support/repository.ts'

t.test('a dictionary becomes a table', (t) => {
  const text = `
# Release: 2026-01-01
00         *!?  N18,csum,gcppos2        dlpkey                        # SSCC
01         * ?  N14,csum                ex=255,37 dlpkey=22,10,21|235 # GTIN
3950-3955    ?  N6  req=30,31nn ex=392n                               # PRICE/UoM
423             N3,iso3166 [N3],iso3166 req=01,02 req=00+21
8110            X..70,couponcode
`
  const { release, rows } = parseDictionary(text)
  t.equal(release, '2026-01-01')
  t.same(rows, [
    ['00', '*!?', 'N18,csum,gcppos2', 'dlpkey'],
    ['01', '*?', 'N14,csum', 'ex=255,37 dlpkey=22,10,21|235'],
    ['3950-3955', '?', 'N6', 'req=30,31nn ex=392n'],
    ['423', '', 'N3,iso3166 [N3],iso3166', 'req=01,02 req=00+21'],
    ['8110', '', 'X..70,couponcode', ''],
  ])
  t.match(renderTable({ release, rows }), "['423', '', 'N3,iso3166 [N3],iso3166', 'req=01,02 req=00+21'],")
  t.throws(() => parseDictionary('01 * Q14'), /Not understood/)
  t.throws(() => parseDictionary('1 N14'), /Not an Application Identifier/)
  t.end()
})

t.test('our table', (t) => {
  t.ok(applicationIdentifiers.size > 500)
  t.equal(identifierAt('x3103001500', 1)?.ai, '3103')
  t.equal(identifierAt('31990', 0), undefined)
  const gtin = applicationIdentifiers.get('01')
  t.same([gtin?.predefined, gtin?.min, gtin?.max, gtin?.qualifiers], [true, 14, 14, [['22', '10', '21'], ['235']]])
  for (const ai of applicationIdentifiers.values()) {
    t.equal(
      ai.predefined,
      /^(0[0-4]|1[1-9]|20|3[1-6]|41)/.test(ai.ai),
      `${ai.ai}: predefined length by its first two digits`,
    )
  }
  t.end()
})

/** Outside the project's tree; absent on most machines. */
const corpus = join(corporaFolder, 'gs1-syntax-dictionary')

t.test(
  'the dictionary itself',
  { skip: existsSync(corpus) ? false : 'no ../shared/corpora/gs1-syntax-dictionary here' },
  (t) => {
    const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('dictionary.txt'),
    )
    for (const name of files) {
      const { release, rows } = parseDictionary(readFileSync(join(corpus, name), 'utf8'))
      const expand = (list: readonly (readonly string[])[]): Set<string> =>
        new Set(list.map((row) => row.join(' | ').replace('!', '')))
      const [mine, given] = [expand(aiTable), expand(rows)]
      const differing = [...given].filter((row) => !mine.has(row))
      t.comment(
        `${name}, release ${release}: ${given.size - differing.length} of ${given.size} rows are ours word for word`,
      )
      for (const row of differing) t.comment(`differs: ${row}`)
      for (const [, , specification] of rows) {
        const used = specification.split(' ').flatMap((word) => word.replace(']', '').split(',').slice(1))
        for (const linter of used) t.ok(linters[linter], linter)
      }
    }
    t.end()
  },
)
