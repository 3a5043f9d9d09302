// What a declaration says of its papers: which certificates and permits, whether they are in date, and where the goods came.
import { customsLog } from '../declarations/act.ts'
import type { NewDeclaration } from '../declarations/schema.ts'
import type { Standing } from '../declarations/standing.ts'
import type { FactSheet } from './fact-sheet.ts'
import type { DeclFact } from './vocabulary.ts'

type Document = Exclude<NonNullable<NewDeclaration['documents']>[number], string>

/** Whether a paper says of itself that it is over; one that says nothing is not. */
export const isExpired = ({ validUntil }: Document, at: Date): boolean =>
  validUntil !== undefined && validUntil.slice(0, 10) < at.toISOString().slice(0, 10)

export const documentsOf = ({ documents = [] }: NewDeclaration): Document[] =>
  documents.flatMap((document) => (typeof document === 'string' ? [] : [document]))

export function documentFacts(sheet: FactSheet<DeclFact>, standing: Standing, at: Date): void {
  const { content } = standing.current.body
  const papers = documentsOf(content)
  const permits = papers.filter((paper) => paper.number !== undefined && !isExpired(paper, at))
  sheet.set('permits', [...new Set(permits.map(({ type }) => type))].sort())
  const dated = papers.filter(({ validUntil }) => validUntil !== undefined)
  if (dated.length > 0) sheet.set('expiredDocuments', dated.filter((paper) => isExpired(paper, at)).length)
  else sheet.unknown('expiredDocuments', 'no document says until when it is valid')
  const masses = content.items.map(({ grossMassKg }) => grossMassKg)
  if (masses.includes(undefined)) sheet.unknown('grossMassKg', 'not declared for every line')
  else
    sheet.set(
      'grossMassKg',
      masses.reduce<number>((sum, mass) => sum + Number(mass), 0),
    )
  const last = standing.presentations.at(-1)
  if (!last) return sheet.unknown('presentedElsewhere', 'the goods are not presented yet')
  const { office } = last.body.content
  sheet.set('presentedElsewhere', office !== content.office && !content.route.includes(office), {
    entries: [{ log: customsLog, position: last.position }],
  })
}
