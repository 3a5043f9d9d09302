import t from 'tap'
import { testApp } from '../support/app.ts'
import { stage } from '../support/story.ts'
import { tell } from '../support/stories.ts'

// What comes back, what is used up in parts, and what is written off.
const stories: Record<string, string> = {
  'a buyer brings it back': `
    maker    commission U1              = ok
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    shop     receive    U1 : disposition=returned = wrong_state
    shop     sell       U1              = ok
    rival    receive    U1 : disposition=returned = not_owner
    maker    receive    U1 : disposition=returned = role_missing
    shop     receive    U1              = wrong_state    # that is no return
    shop     receive    U1 : disposition=returned = ok
    ?        U1 active shop
    shop     ship       U1 to maker     = ok
    maker    receive    U1              = ok
    ?        U1 active maker
  `,
  'a sale ends by a return and by nothing else': `
    maker    commission U1              = ok
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    shop     sell       U1              = ok
    shop     ship       U1 to maker     = wrong_state
    shop     destroy    U1              = wrong_state
    shop     withdraw   U1              = wrong_state
    shop     pack       U1 in P1        = wrong_state
    shop     inspecting U1 : disposition=stolen = wrong_state
    customs  hold       U1              = wrong_state
    maker    commission U1              = not_owner
  `,
  'destroyed is final': `
    maker    commission U1,U2           = ok
    maker    pack       U2 in P1        = ok
    maker    destroy    U1,P1 : reason=damaged = ok
    ?        U2 destroyed maker
    maker    commission U1              = wrong_state
    maker    unpack     U2 in P1        = wrong_state
    maker    receive    U1              = wrong_state
    customs  receive    U1              = wrong_state
    maker    ship       U2 to outside   = wrong_state
  `,
  'a keg is opened': `
    maker    commission U1,U2           = ok
    maker    pack       U1 in P1        = ok
    maker    ship       P1,U2 to shop   = ok
    shop     receive    P1,U2           = ok
    shop     dispensing U1 : disposition=partially_dispensed = ok # out of the crate
    ?        U1 opened shop
    shop     pack       U1 in P2        = wrong_state
    shop     commission U1              = role_missing
    shop     ship       U1 to trader    = ok             # half full, it is still somebody's
    trader   receive    U1              = ok
    trader   destroy    U1 : reason=quality = ok
    maker    dispensing U2 : disposition=partially_dispensed = not_holder
  `,
  'written off, with a reason from the list': `
    maker    commission U1,U2,U3,U4,U5  = ok
    maker    destroy    U1 : reason=because = field_invalid
    maker    destroy    U1 : reason=theft = field_invalid
    maker    destroy    U1 : reason=expired = ok
    maker    withdraw   U2 : reason=sample = ok
    maker    withdraw   U3 : reason=shortage = ok
    rival    withdraw   U4 : reason=sample = not_holder
    maker    inspecting U4 : disposition=stolen reason=theft = ok
    maker    inspecting U5 : reason=theft = field_invalid
    maker    pack       U5 in P1 : reason=found = field_invalid
    maker    commission U6 : reason=sample = field_invalid
    maker    destroy    U5              = ok             # a reason is not asked for
  `,
  'counting the stock': `
    maker    commission U1,U2           = ok
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    shop     stock_taking U1            = ok
    shop     stock_taking U1 : reason=found = ok
    shop     stock_taking U1 : reason=sample = field_invalid
    shop     stock_taking U2 : reason=not_announced = not_holder # surplus: named, and looked into
    maker    ship       U2 to shop : document=D-1 = ok
    shop     receive    all : document=D-1 = ok
    shop     stock_taking U2            = ok
  `,
}

const kegs: Record<string, string> = {
  'beer by the litre': `
    maker    commission U1,U2           = ok
    maker    ship       U1,U2 to shop   = ok
    shop     pours      U1 0.5          = not_owner
    shop     receive    U1,U2           = ok
    shop     pours      U1 0.5          = ok             # it is opened by that
    ?        U1 opened shop
    shop     pours      U1 0            = field_invalid
    shop     pours      U1 2            = ok             # litres, of thirty
    rival    pours      U1 0.5          = not_owner
    ?        U1 opened shop
    shop     pours      U2 1            = ok             # a keg, sealed
    ?        U2 sold shop
    shop     sell       U1              = ok             # the rest
    shop     pours      U1 0.5          = already_sold
  `,
}

t.test('returns and write-offs', async (t) => {
  const app = await testApp(t)
  await tell(t, app, stories)
  await tell(t, app, kegs, { product: { netContent: { value: '30', unit: 'l' } } })

  await t.test('the reason stands in the history', async (t) => {
    const { play, actors, code } = await stage(app)
    await play(`
      maker commission U1,U2 = ok
      maker ship U1 to outside : reason=restaurant = ok
      maker ship U2 to outside = ok
    `)
    const maker = actors.get('maker')
    const reasons = async (unit: string) => {
      const path = `/units/${encodeURIComponent(code(unit))}/history`
      return (await maker?.expect<{ events: { reason?: string }[] }>(200, 'GET', path))?.events.map((one) => one.reason)
    }
    t.same(await reasons('U1'), [undefined, 'restaurant'])
    t.same(await reasons('U2'), [undefined, 'foreign_buyer'], 'abroad, where nothing else is said')
    const home = {
      step: 'shipping',
      codes: [code('U3')],
      to: { name: 'A canteen', country: 'KG', reason: 'restaurant' },
    }
    await play('maker commission U3,U4 = ok')
    await maker?.expect(201, 'POST', '/scans', home)
    t.same(await reasons('U3'), [undefined, 'restaurant'])
    await maker?.expect(201, 'POST', '/scans', {
      ...home,
      codes: [code('U4')],
      to: { name: 'A neighbour', country: 'KG' },
    })
    t.same(await reasons('U4'), [undefined, 'own_use'])
  })

  await t.test('a keg stands in one line of a receipt', async (t) => {
    const { play, actors, code } = await stage(app)
    await play(`
      maker commission U1 = ok
      maker ship U1 to shop = ok
      shop receive U1 = ok
    `)
    const pour = { code: code('U1'), quantity: '0.2' }
    const receipt = { till: '1', number: 'twice', time: new Date().toISOString(), lines: [pour, pour] }
    const expected = { code: 'wrong_state', errors: [{ path: '/lines/1/code', detail: /named twice/ }] }
    t.match(await actors.get('shop')?.expect(409, 'POST', '/receipts', receipt), expected)
    await actors.get('shop')?.expect(201, 'POST', '/receipts', { ...receipt, lines: [pour] })
    await play('? U1 opened shop')
  })

  await t.test('the list of reasons', async (t) => {
    const list = await app.operator.expect<{ act: string; code: string }[]>(200, 'GET', '/reasons?act=lose')
    t.same(
      list.map(({ act, code }) => [act, code]),
      [
        ['lose', 'lost_on_the_way'],
        ['lose', 'robbery'],
        ['lose', 'theft'],
      ],
    )
    t.match(await app.operator.expect(400, 'GET', '/reasons?act=eat'), { code: 'field_invalid' })
    t.equal((await app.anonymous.call('GET', '/reasons')).statusCode, 401)
  })
})
