// What a producer does at a desk: registers products, orders codes, watches them being used, downloads and prints them.
import { type Static, Type } from 'typebox'
import { Order } from '../codes/schema.ts'
import { Product, ProductGroup } from '../products/schema.ts'
import { piece, Refused } from './ask.ts'
import { flag, h, type Html, type Part } from './html.ts'
import type { Say } from './language.ts'
import { labelSheet } from './labels.ts'
import { csrfField, notice, type Page, table, tabs } from './layout.ts'
import { type FormFields, type Outcome, type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

type ProductRow = Static<typeof Product>
type OrderRow = Static<typeof Order>

const here = `${base}/producer`
/** Codes to a block, and so to a sheet. */
const blockSize = 1000
/** X-dimensions that GS1 allows for units at retail and in trade, in millimetres. */
const modules = ['0.30', '0.40', '0.50', '0.60', '0.75'] as const

export function producerPages(pages: Pages): void {
  const roles = rolesOf('/producer')
  pages.signed('/producer', roles, async (visit) => producerPage(visit))
  pages.form('/producer/products', roles, async (visit, fields) =>
    done(visit, () => visit.ask(Product, '/products', { method: 'POST', body: productOf(fields) })),
  )
  pages.form('/producer/orders', roles, async (visit, fields) =>
    done(visit, () =>
      visit.ask(Order, '/code-orders', {
        method: 'POST',
        body: { gtin: fields.get('gtin') ?? '', quantity: Number(fields.get('quantity')) },
      }),
    ),
  )
  pages.form('/producer/closings', roles, async (visit, fields) =>
    done(visit, () =>
      visit.ask(Type.Unknown(), `/code-orders/${piece(fields.get('order') ?? '')}/close`, { method: 'POST' }),
    ),
  )
  filePages(pages)
}

function filePages(pages: Pages): void {
  const codesOf = (visit: SignedVisit, format: 'text' | 'csv') =>
    visit.raw(
      `/code-orders/${piece(visit.query.get('order') ?? '')}/codes?format=${format}&block=${piece(visit.query.get('block') ?? '0')}`,
    )
  pages.file('/producer/codes', async (visit, _request, reply) => {
    const { status, bytes, type } = await codesOf(visit, visit.query.get('format') === 'csv' ? 'csv' : 'text')
    if (status === 200) void reply.header('content-disposition', 'attachment')
    return reply.code(status).type(type).send(bytes)
  })
  pages.file('/producer/labels', async (visit, _request, reply) => {
    const { status, bytes, type } = await codesOf(visit, 'text')
    if (status !== 200) return reply.code(status).type(type).send(bytes)
    const codes = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
    const module = modules.find((size) => size === visit.query.get('module')) ?? '0.50'
    const pdf = await labelSheet(codes, { module: Number(module) })
    return reply.header('content-disposition', 'attachment; filename="labels.pdf"').type('application/pdf').send(pdf)
  })
}

export const producerTabs = (visit: SignedVisit): Html =>
  tabs(visit, [
    [here, visit.say('make.tabOrders')],
    [`${here}/stock`, visit.say('make.tabStock')],
  ])

/** After a form: the page again, with what was refused on top of it. */
async function done(visit: SignedVisit, act: () => Promise<unknown>): Promise<Outcome> {
  try {
    await act()
    return { location: here }
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.status >= 500) throw error
    const { code, detail, status } = error.refusal
    const words = h`${visit.say.orPlain('problem', code)} <span lang="en">${detail}</span>`
    return { ...(await producerPage(visit, words)), status }
  }
}

function productOf(fields: FormFields): Record<string, unknown> {
  const text = (name: string): string => fields.get(name)?.trim() ?? ''
  return {
    gtin: text('gtin'),
    name: text('name'),
    group: text('group'),
    hsCode: text('hsCode'),
    originCountry: text('originCountry').toUpperCase(),
    ...(text('volume') === '' ? {} : { netContent: { value: text('volume'), unit: 'l' } }),
    ...(text('strength') === '' ? {} : { strength: text('strength') }),
  }
}

async function producerPage(visit: SignedVisit, refused?: Part): Promise<Page> {
  const { say } = visit
  const [products, orders, groups] = await Promise.all([
    visit.ask(Type.Array(Product), '/products?perPage=100'),
    visit.ask(Type.Array(Order), '/code-orders?perPage=50'),
    visit.ask(Type.Array(ProductGroup), '/product-groups?perPage=100'),
  ])
  return {
    title: say('nav.producer'),
    wide: true,
    body: h`<h1>${say('nav.producer')}</h1>${producerTabs(visit)}
${refused === undefined ? '' : notice('bad', refused)}
${orderForm(visit, products)}
<h2>${say('make.orders')}</h2>
${orders.length === 0 ? h`<p class="soft">${say('make.noOrders')}</p>` : h`<div class="orders">${orders.map((order) => orderCard(visit, order, products))}</div>`}
<h2>${say('make.products')}</h2>
${products.length === 0 ? h`<p class="soft">${say('make.noProducts')}</p>` : productTable(say, products)}
${productForm(visit, groups)}`,
  }
}

const orderForm = (visit: SignedVisit, products: readonly ProductRow[]): Html => {
  const { say } = visit
  if (products.length === 0) return h``
  return h`<form class="card" method="post" action="${here}/orders">${csrfField(visit)}<h2>${say('make.order')}</h2>
<div class="grid2"><div><label for="order-gtin">${say('word.product')}</label>
<select id="order-gtin" name="gtin">${products.map(({ gtin, name }) => h`<option value="${gtin}">${name} · ${gtin}</option>`)}</select></div>
<div><label for="quantity">${say('word.count')}</label><input id="quantity" name="quantity" type="number" min="1" max="1500000" value="1000" required></div></div>
<p><button>${say('make.orderDo')}</button></p></form>`
}

function orderCard(visit: SignedVisit, order: OrderRow, products: readonly ProductRow[]): Html {
  const { say } = visit
  const name = products.find(({ gtin }) => gtin === order.gtin)?.name ?? order.gtin
  const counts = say('make.progress', { used: order.used, issued: order.issued, voided: order.voided })
  const blocks = Array.from({ length: Math.min(order.blocks, 50) }, (_, i) => {
    const last = Math.min((i + 1) * blockSize, order.quantity)
    return h`<option value="${i}">${say.number(i * blockSize + 1)}–${say.number(last)}</option>`
  })
  return h`<section class="card"><h3>${name}</h3>
<p class="soft">${say.number(order.quantity)} · ${say.moment(order.createdAt)} · ${say.orPlain('state', order.state)}</p>
<progress max="${Math.max(1, order.issued)}" value="${order.used}" aria-label="${counts}"></progress><p>${counts}</p>
<form class="files" method="get" action="${here}/labels"><input type="hidden" name="order" value="${order.id}">
<div class="grid2"><div><label for="block-${order.id}">${say('make.block')}</label><select id="block-${order.id}" name="block">${blocks}</select></div>
<div><label for="module-${order.id}">${say('make.module')}</label><select id="module-${order.id}" name="module">${modules.map((size) => h`<option value="${size}"${flag('selected', size === '0.50')}>${size} mm</option>`)}</select></div></div>
<p class="buttons"><button>${say('make.labels')}</button>
<button class="quiet" formaction="${here}/codes" name="format" value="text">${say('make.download')}</button>
<button class="quiet" formaction="${here}/codes" name="format" value="csv">CSV</button></p></form>
${order.state === 'ready' ? h`<details><summary>${say('make.close')}</summary><form method="post" action="${here}/closings">${csrfField(visit)}<input type="hidden" name="order" value="${order.id}"><p>${say('make.closeText')}</p><button>${say('make.closeDo')}</button></form></details>` : ''}
</section>`
}

const productTable = (say: Say, products: readonly ProductRow[]): Html =>
  table(
    say('make.products'),
    [say('word.name'), say('word.gtin'), say('make.group'), say('make.hs'), say('word.origin')],
    products.map(({ name, gtin, group, hsCode, originCountry }) => [
      name,
      gtin,
      group,
      hsCode,
      say.country(originCountry),
    ]),
  )

const productForm = (visit: SignedVisit, groups: readonly Static<typeof ProductGroup>[]): Html => {
  const { say } = visit
  const field = (name: string, label: string, more: Html): Html =>
    h`<div><label for="product-${name}">${label}</label><input id="product-${name}" name="${name}" autocomplete="off" ${more}></div>`
  return h`<details class="help"><summary>${say('make.register')}</summary>
<form class="card" method="post" action="${here}/products">${csrfField(visit)}<div class="grid2">
${field('name', say('word.name'), h`required maxlength="200"`)}
${field('gtin', say('word.gtin'), h`required inputmode="numeric" pattern="[0-9]{8,14}"`)}
<div><label for="product-group">${say('make.group')}</label><select id="product-group" name="group">${groups.map(({ id, name }) => h`<option value="${id}">${name}</option>`)}</select></div>
${field('hsCode', say('make.hs'), h`required inputmode="numeric" pattern="[0-9]{4,10}"`)}
${field('originCountry', say('make.country'), h`required pattern="[A-Za-z]{2}" value="KG" maxlength="2"`)}
${field('volume', say('make.volume'), h`inputmode="decimal"`)}
${field('strength', say('make.strength'), h`inputmode="decimal"`)}
</div><p><button>${say('make.registerDo')}</button></p></form></details>`
}
