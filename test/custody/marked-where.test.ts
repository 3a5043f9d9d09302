import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { stage, usualCast } from '../support/story.ts'
import { tell } from '../support/stories.ts'

const imported = { ...usualCast, maker: { roles: ['importer' as const, 'retailer' as const] } }

// Where the mark is put on: at the line, abroad, in a customs warehouse, on old stock.
const made: Record<string, string> = {
  'at the line: applied first, in circulation later': `
    maker    encode     U1,U2           = ok
    maker    pack       U1,U2 in P1     = ok
    maker    ship       P1 to shop      = ok
    shop     receive    P1              = ok
    shop     sell       U1              = wrong_state    # not in circulation
    shop     commission U1              = role_missing
    maker    commission U1              = not_owner      # not its any more
    shop     ship       P1 to maker     = ok
    maker    receive    P1              = ok
    maker    commission U1              = ok             # on the pallet, too
    ?        U1 active maker
    maker    commission U1              = wrong_state
    maker    commission U2 : disposition=encoded = wrong_state
  `,
  'a carton is sold with its packs': `
    maker    commission U1,U2,U3,C1     = ok
    maker    encode     U4              = ok
    maker    pack       U1,U2,U4 in C1  = ok
    maker    ship       C1 to shop      = ok
    shop     receive    C1              = ok
    shop     sell       C1              = wrong_state    # one in it is not in circulation
    shop     unpack     U4 in C1        = ok
    shop     sell       C1              = ok
    ?        U1 sold shop
    shop     sell       U1              = already_sold
    shop     sell       U4              = wrong_state
  `,
  'a carton with something in it that must not be sold': `
    maker    commission U1 : lot=L1     = ok
    maker    commission U2 : expiryDate=2020-01-31 = ok
    maker    commission U3,C1,C2,C3     = ok
    maker    pack       U2 in C1        = ok
    maker    pack       U3,C2 in C3     = ok
    maker    pack       U1 in C2        = ok
    maker    ship       C1,C3 to shop   = ok
    shop     receive    C1,C3           = ok
    shop     sell       C1              = expired
    customs  hold       U1              = ok
    shop     sell       C3              = on_hold        # through two wrappings
    customs  hold       U1 : disposition=available = ok
    shop     sell       C3              = ok
  `,
  "a carton with another's pack in it": `
    maker    commission U1,U2,C1        = ok
    maker    ship       U1 to trader    = ok
    trader   receive    U1              = ok
    trader   ship       U1 to shop : transfer=possession = ok
    maker    ship       U2,C1 to shop   = ok
    shop     receive    U1,U2,C1        = ok
    shop     pack       U1,U2 in C1     = ok
    shop     sell       C1              = not_owner
    shop     unpack     U1 in C1        = ok
    shop     sell       C1              = ok
  `,
  'lot and dates are kept from the marking on': `
    maker    encode     U1 : lot=L7 productionDate=2026-01-01 expiryDate=2026-03-01 = ok
    maker    commission U1              = ok
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    shop     sell       U1              = expired
    shop     sell       U1 : expiryDate=2030-01-01 = field_invalid
    shop     destroy    U1 : reason=expired = ok
  `,
}

const brought: Record<string, string> = {
  'abroad: in circulation by the release of customs': `
    maker    encode     U1,U2           = ok
    maker    pack       U1,U2 in P1     = ok
    maker    sell       U1              = wrong_state
    rival    inspecting U1 : disposition=active = not_holder
    maker    inspecting U1 : disposition=active = ok     # a note; it is not for him to release
    maker    sell       U1              = wrong_state
    customs  inspecting U1 : disposition=active = ok
    ?        U1 active maker
    customs  inspecting U1 : disposition=active = wrong_state
    maker    sell       U1              = ok
    maker    sell       U2              = wrong_state
  `,
  'in a customs warehouse: held by another, released there': `
    maker    encode     U1              = ok
    maker    ship       U1 to store     = ok
    store    receive    U1              = ok
    store    inspecting U1              = ok
    customs  inspecting U1 : disposition=active = ok
    store    ship       U1 to maker     = ok
    maker    receive    U1              = ok
    maker    sell       U1              = ok
  `,
  'on the way into the country': `
    maker    encode     U1              = ok
    maker    ship       U1 to shop by carrier = ok
    customs  inspecting U1 : disposition=active = ok
    shop     receive    U1              = ok
    shop     sell       U1              = ok
  `,
}

t.test('marked where', async (t) => {
  const app = await testApp(t)
  await tell(t, app, made)
  await tell(t, app, brought, { cast: imported })

  await t.test('a place says where: production, abroad, old stock', async (t) => {
    const { actors, code } = await stage(app, { cast: imported })
    const importer = actors.get('maker')
    if (!importer) throw new Error('nobody imports')
    const places = {
      U1: ['production', 'KG'],
      U2: ['production', 'FR'],
      U3: ['customs_warehouse', 'KG'],
      U4: ['shop', 'KG'],
    }
    for (const [unit, [kind = '', country = '']] of Object.entries(places)) {
      const place = await given.place(importer, { kind, country, name: `${kind} in ${country}` })
      const scan = { step: 'encoding', codes: [code(unit)], place: place.id }
      await importer.expect(201, 'POST', '/scans', scan)
      const told = await importer.expect(200, 'GET', `/units/${encodeURIComponent(code(unit))}`)
      t.match(told, { state: 'encoded', commissioned: { by: importer.id, country, place: place.id } }, kind)
    }
  })

  await t.test('who may order codes of a GTIN', async (t) => {
    const { actors, gtin } = await stage(app)
    const [maker, rival, trader] = ['maker', 'rival', 'trader'].map((name) => actors.get(name))
    if (!maker || !rival || !trader) throw new Error('somebody is missing')
    const importer = await given.participant(app, { roles: ['importer'] })
    const body = { gtin, quantity: 1 }
    const ask = async (who: typeof maker) => {
      const answer = await who.call('POST', '/code-orders', body)
      return answer.statusCode === 201 ? 'ok' : answer.json<{ code: string }>().code
    }
    t.equal(await ask(maker), 'ok')
    t.equal(await ask(trader), 'role_missing')
    t.not(await ask(rival), 'ok', 'another producer')
    t.not(await ask(importer), 'ok', 'not before the right is registered')
    await importer.expect(201, 'POST', `/products/${gtin}/importers`)
    t.equal(await ask(importer), 'ok')
    const agent = await given.agent(app, maker, trader, ['order_codes'])
    await agent.expect(201, 'POST', '/code-orders', body)
  })
})
