import t from 'tap'
import { testApp, testClock } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { stage, usualCast } from '../support/story.ts'
import { tell } from '../support/stories.ts'

const cast = { ...usualCast, broker: { roles: ['broker' as const] }, toll: { roles: ['producer' as const] } }

// Who acts for whom: toll producers, brokers, logistics firms, agents of shops.
const stories: Record<string, string> = {
  'a toll producer marks for the owner of the brand': `
    toll     commission U1              = not_owner
    toll for maker commission U1        = not_mandated
    maker    lets toll commission,pack  = ok
    later 1s
    toll     commission U1              = not_owner      # in its own name it may not
    toll for maker commission U1,U2     = ok
    ?        U1 active maker
    toll for maker pack U1,U2 in P1     = ok
    toll for maker ship P1 to shop      = not_mandated
    maker    ship       P1 to shop      = ok
  `,
  'a broker without goods of his own': `
    maker    encode     U1              = ok
    broker   ship       U1 to shop      = not_holder
    maker    lets broker ship           = ok
    later 1s
    broker for maker ship U1 to shop    = ok
    broker for maker void U1            = ok
    broker for maker receive U1         = not_mandated
    broker for maker destroy U1         = not_mandated
    broker for shop receive U1          = not_mandated   # the shop gave none
  `,
  'a logistics firm receives and ships for a trader': `
    maker    commission U1,U2           = ok
    trader   lets store receive,ship,pack = ok
    maker    ship       U1,U2 to trader = ok
    store    receive    U1,U2           = not_addressed
    later 1s
    store for trader receive U1,U2      = ok
    ?        U1 active trader
    store for trader pack U1,U2 in P1   = ok
    store for trader ship P1 to shop    = ok
    shop     receive    P1              = ok
    shop     sell       U1              = ok
  `,
  'an agent sells for a shop, and may no more than it': `
    maker    commission U1,U2           = ok
    maker    ship       U1,U2 to shop   = ok
    shop     receive    U1              = ok
    broker   sell       U1              = role_missing
    shop     lets broker sell,commission = ok
    later 1s
    broker for shop sell U1             = ok
    ?        U1 sold shop
    broker for shop sell U2             = not_owner
    broker for shop commission U3       = role_missing
    broker for shop receive U1 : disposition=returned = ok
    ?        U1 active shop
  `,
  'a mandate that was withdrawn ends within a second': `
    maker    commission U1,U2,U3        = ok
    maker    lets broker ship           = ok
    later 1s
    broker for maker ship U1 to shop    = ok
    rival    ends broker                = not_found
    maker    ends broker                = ok
    later 1s
    broker for maker ship U2 to shop    = not_mandated
    shop     receive    U1              = ok             # what was done under it stands
    maker    lets broker ship           = ok
    later 1s
    broker for maker ship U2 to shop    = ok
    later 90000s
    broker for maker ship U3 to shop    = not_mandated   # it has ended by itself
  `,
  'a mandate for some GTINs': `
    maker    commission U1,C1           = ok
    maker    lets broker ship of U      = ok
    later 1s
    broker for maker ship C1 to shop    = not_mandated
    broker for maker ship U1,C1 to shop = not_mandated
    broker for maker ship U1 to shop    = ok
    maker    lets broker ship of C      = ok
    later 1s
    broker for maker ship C1 to shop    = ok             # the one of two that covers it
  `,
  'a mandate cannot be lent on': `
    maker    commission U1              = ok
    maker    lets broker ship           = ok
    broker   lets trader ship           = ok
    later 1s
    trader for broker ship U1 to shop   = not_holder
    trader for maker ship U1 to shop    = not_mandated
    customs  lets broker receive        = not_possible   # an authority's powers are not its own to lend
    broker for customs receive U1       = not_mandated
  `,
}

t.test('mandates', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  await tell(t, app, stories, { cast, clock })

  await t.test('the entry keeps both, and the mandate', async (t) => {
    const { play, actors } = await stage(app, { cast, clock })
    await play(`
      maker    lets toll commission = ok
      later 1s
      toll for maker commission U1 = ok
    `)
    const database = await client(t, app.database.adminUrl)
    const { rows } = await database.query<{ text: string; participant: string; principal: string; mandate: string }>(
      `select convert_from(e.bytes, 'UTF8') as text, p.id as participant, q.id as principal, m.id as mandate
       from entry e join participant p on p.no = e.participant join participant q on q.no = e.principal
       join mandate m on m.no = e.mandate order by e.record_time desc, e.position desc limit 1`,
    )
    const [toll, maker] = [actors.get('toll')?.id, actors.get('maker')?.id]
    t.match(rows[0], { participant: toll, principal: maker })
    t.match(JSON.parse(rows[0]?.text ?? '{}'), { by: { participant: toll, for: maker } })
  })
})
