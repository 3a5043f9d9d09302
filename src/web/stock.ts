// What became of a producer's codes: marked, packed, shipped, returned; where the rest stands, and the newest shipments.
import { Shipments, Stock } from '../provenance/stock-routes.ts'
import { h, type Html } from './html.ts'
import type { MessageKey, Say } from './language.ts'
import { bar, type Page, table } from './layout.ts'
import { codeLink } from './life.ts'
import { producerTabs } from './producer.ts'
import { type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

const here = `${base}/producer/stock`
const moves = ['marked', 'packed', 'shipped', 'returned'] as const
const standings = ['stock', 'underWay', 'elsewhere', 'sold', 'exported', 'destroyed', 'withdrawn', 'stolen'] as const

export function stockPages(pages: Pages): void {
  pages.signed('/producer/stock', rolesOf('/producer'), stockPage)
}

async function stockPage(visit: SignedVisit): Promise<Page> {
  const { say } = visit
  const [stock, sent, received] = await Promise.all([
    visit.ask(Stock, '/stock'),
    visit.ask(Shipments, '/shipments?side=sent'),
    visit.ask(Shipments, '/shipments?side=received'),
  ])
  return {
    title: say('make.tabStock'),
    wide: true,
    scripts: stock.countedAt === null ? ['refresh'] : [],
    body: h`<h1>${say('nav.producer')}</h1>${producerTabs(visit)}
${stock.countedAt === null ? h`<p class="notice calm" role="status" data-again>${say('stock.counting')} <a href="${here}">${say('stock.again')}</a></p>` : counted(say, stock, stock.countedAt)}
<h2>${say('stock.sent')}</h2>${shipmentTable(say, 'stock.sent', sent)}
<h2>${say('stock.received')}</h2>${shipmentTable(say, 'stock.received', received)}`,
  }
}

function counted(say: Say, { products, places }: Stock, at: string): Html {
  const marked = products.filter((product) => product.marked > 0)
  if (marked.length === 0) return h`<p class="soft">${say('stock.none')}</p>`
  return h`<div class="orders">${marked.map((product) => productCard(say, product))}</div>
<h2>${say('stock.where')}</h2>
${table(
  say('stock.where'),
  [say('word.product'), ...standings.map((name) => say(`stock.${name}`))],
  marked.map((product) => [product.name ?? product.gtin, ...standings.map((name) => say.number(product[name]))]),
)}
<h2>${say('stock.places')}</h2>${placeBars(say, places)}
<p class="soft">${say('stock.counted', { time: say.moment(at) })}</p>`
}

const productCard = (say: Say, product: Stock['products'][number]): Html =>
  h`<section class="card"><h3>${product.name ?? ''} <span class="soft">${product.gtin}</span></h3>
<ul class="bars">${moves.map((name) => bar(say(`stock.${name}`), product[name], product.marked, say.number(product[name])))}</ul></section>`

function placeBars(say: Say, places: Stock['places']): Html {
  if (places.length === 0) return h`<p>${say('stock.empty')}</p>`
  const sorted = [...places].sort((a, b) => b.units - a.units)
  const most = sorted[0]?.units ?? 1
  return h`<ul class="bars">${sorted.map(({ place, name, gtin, units }) =>
    bar(
      h`<strong>${place?.name ?? say('stock.noPlace')}</strong> <span class="soft">${name ?? gtin}</span>`,
      units,
      most,
      say.number(units),
    ),
  )}</ul>`
}

function shipmentTable(say: Say, title: MessageKey, shipments: Shipments): Html {
  if (shipments.length === 0) return h`<p class="soft">${say('stock.noShipments')}</p>`
  const sent = title === 'stock.sent'
  return table(
    say(title),
    [
      say('word.time'),
      say(sent ? 'stock.to' : 'stock.from'),
      say('stock.carrier'),
      say('stock.objects'),
      say('stock.documents'),
      say('word.code'),
    ],
    shipments.map(({ time, from, to, carrier, objects, documents, first, takenBack }) => [
      h`<time datetime="${time}">${say.moment(time)}</time>${takenBack ? h` <span class="soft">${say('stock.cancelled')}</span>` : ''}`,
      (sent ? to : from)?.name ?? '',
      carrier?.name ?? '',
      say.number(objects),
      // Kept as its URI and as what stands behind the last colon of it: people know the latter.
      documents.filter((document) => !document.includes(':')).join(', ') || documents.join(', '),
      first === undefined ? '' : codeLink(first),
    ]),
  )
}
