// What the goods of a declaration really did, as a picture: made, held, brought here; declared against found; the way of one of them.
import { type Static, Type } from 'typebox'
import { ContentItem, LogisticUnit } from '../provenance/schema.ts'
import { Product } from '../products/schema.ts'
import { piece, Refused } from './ask.ts'
import type { Declared, Provenance } from './border-schema.ts'
import { h, type Html, type Part } from './html.ts'
import type { Say } from './language.ts'
import { bar, facts } from './layout.ts'
import { codeLink, wayOf } from './life.ts'
import { LifeHistory } from './life-schema.ts'
import type { SignedVisit } from './visit.ts'

/** Pallets in pallets are opened so often to find one unit. */
const levelsMax = 8
const productsMax = 10
const ends = ['sold', 'exported', 'destroyed', 'withdrawn', 'stolen'] as const

export async function goodsPicture(visit: SignedVisit, declared: Declared): Promise<Html> {
  const { say } = visit
  const [products, example] = await Promise.all([productNames(visit, declared), exampleLife(visit, declared)])
  const items = declared.declaration.items.map((item) => {
    const found = declared.provenance.find((line) => line.item === item.number)
    return itemCard(say, declared, item, found, products)
  })
  const way = example
    ? h`<h2>${say('border.way')}</h2><p class="soft">${codeLink(example.code)}</p>${wayOf(say, example)}${custodyChain(say, example)}`
    : ''
  return h`${items}${way}`
}

const textList = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : value === null || value === undefined ? [] : [String(value)]

async function productNames(visit: SignedVisit, { provenance }: Declared): Promise<Map<string, string>> {
  const gtins = [...new Set(provenance.flatMap(({ products }) => textList(products)))].slice(0, productsMax)
  const found = await Promise.all(
    gtins.map((gtin) => orNothing(async () => visit.ask(Product, `/products/${piece(gtin)}`))),
  )
  return new Map(found.flatMap((product) => (product ? [[product.gtin, product.name] as const] : [])))
}

/** What is refused here is left out of the picture: the declaration itself is shown all the same. */
async function orNothing<Found>(ask: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Refused && error.refusal.status < 429) return undefined
    throw error
  }
}

/** The life of one unit of the load: a drawn one, else the first of what is declared, out of its pallet. */
async function exampleLife(visit: SignedVisit, { checks, declaration }: Declared): Promise<LifeHistory | undefined> {
  const drawn = checks.flatMap(({ units = [] }) => units)[0]
  let code = drawn ?? declaration.codes?.find((one): one is string => typeof one === 'string')
  for (let level = 0; code !== undefined && level < levelsMax; level++) {
    const unit = piece(code)
    const [life, container] = await Promise.all([
      orNothing(async () => visit.ask(LifeHistory, `/units/${unit}/history`)),
      // A case with a code of its own is both; what people look for is what is in it. What was drawn is no case.
      drawn === undefined ? orNothing(async () => visit.ask(LogisticUnit, `/logistic-units/${unit}`)) : undefined,
    ])
    if (life && (container?.count ?? 0) === 0) return life
    const path = `/logistic-units/${piece(code)}/contents?perPage=1`
    const inside = await orNothing(async () => visit.ask(Type.Array(ContentItem), path))
    code = inside?.[0]?.code ?? undefined
  }
  return undefined
}

type Item = Declared['declaration']['items'][number]

function itemCard(
  say: Say,
  { names = {}, declaration }: Declared,
  item: Item,
  found: Provenance | undefined,
  products: ReadonlyMap<string, string>,
): Html {
  const pieces = Number(item.pieces ?? (item.unit === 'NAR' ? item.quantity : NaN))
  const units = Number(found?.units ?? NaN)
  const most = Math.max(1, ...[pieces, units].filter(Number.isFinite))
  const goods = textList(found?.products).map((gtin) => products.get(gtin) ?? gtin)
  const nameOf = (id: string): string => names[id] ?? id
  const country = (value: unknown): string =>
    textList(value)
      .map((code) => say.country(code))
      .join(', ')
  const ended = ends.flatMap((end) => {
    const count = Number(found?.ended?.[end] ?? 0)
    return count > 0 ? [`${say(`stock.${end}`)}: ${say.number(count)}`] : []
  })
  const chain: (readonly [string, string])[] = [
    [say('border.makers'), textList(found?.makers).map(nameOf).join(', ')],
    [say('border.markedIn'), country(found?.markedIn)],
    [say('border.holders'), textList(found?.holders).map(nameOf).join(', ')],
    [say('border.route'), declaration.route.map((code) => say.country(code)).join(' → ')],
  ]
  return h`<section class="card"><h3>${item.number}. ${goods.join(', ') || item.hsCode}</h3>
<ul class="bars">${bar(say('border.declaredQuantity'), pieces, most, `${item.quantity} ${item.unit}`)}${bar(say('border.foundQuantity'), units, most, Number.isFinite(units) ? say.number(units) : '—')}</ul>
${compared(say, pieces, units)}
<ol class="chain">${chain.map(([name, value]) => h`<li><span>${name}</span><strong>${value === '' ? '—' : value}</strong></li>`)}</ol>
${facts([
  [say('make.hs'), item.hsCode],
  [say('word.origin'), originLine(say, item, country(found?.origin))],
  [say('border.gap'), textList(found?.gapHours).join('') || '—'],
  ...(ended.length > 0
    ? [[say('border.ended'), h`<strong class="differs">${ended.join(', ')}</strong>`] as const]
    : []),
])}</section>`
}

/** The difference in words: a bar that is a hair shorter is not seen. */
function compared(say: Say, pieces: number, units: number): Part {
  if (!Number.isFinite(pieces) || !Number.isFinite(units)) return ''
  if (pieces === units) return h`<p class="agrees">✓ ${say('border.same')}</p>`
  const [word, count] =
    units > pieces ? (['border.moreFound', units - pieces] as const) : (['border.fewerFound', pieces - units] as const)
  return h`<p class="differs">✕ ${say(word, { count })}</p>`
}

function originLine(say: Say, item: Item, found: string): Html {
  const declared = say.country(item.originCountry)
  if (found === '') return h`${declared} <span class="soft">${say('border.originUnknown')}</span>`
  return declared === found
    ? h`${declared} <span class="agrees">✓ ${say('border.originSame')}</span>`
    : h`${declared} <strong class="differs">✕ ${say('border.originFound')}: ${found}</strong>`
}

type Custody = Static<typeof LifeHistory>['custody'][number]

const custodyChain = (say: Say, { custody }: LifeHistory): Html =>
  h`<ol class="chain">${custody.map((one) => h`<li><span>${spanOf(say, one)}</span><strong>${one.name ?? one.holder ?? '—'}${one.country ? `, ${say.country(one.country)}` : ''}</strong></li>`)}</ol>`

const spanOf = (say: Say, { from, to }: Custody): string =>
  [from, to].flatMap((time) => (time ? [say.moment(time)] : [])).join(' – ')
