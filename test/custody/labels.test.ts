import t from 'tap'
import { testApp } from '../support/app.ts'
import { tell } from '../support/stories.ts'

// What becomes of codes that are never used, and of those that are needed no more.
const stories: Record<string, string> = {
  'spoiled, lost and stolen labels': `
    maker    voids U1 spoiled           = ok
    maker    voids U2 lost              = ok
    maker    voids U3 stolen            = ok
    maker    commission U1              = withdrawn
    maker    commission U2              = withdrawn
    maker    commission U3              = wrong_state
    maker    voids U1 lost              = withdrawn      # once
    rival    voids U4 lost              = not_found
    maker    voids U4 eaten             = field_invalid
    maker    commission U4              = ok
    maker    voids U4 spoiled           = wrong_state    # it is on a bottle
    ?        U3 stolen
  `,
  'a stolen label turns up': `
    maker    voids U1 stolen            = ok
    shop     sell       U1              = withdrawn
    shop     receive    U1              = not_addressed
    rival    pack       U1 in P1        = not_holder
    shop     sell       U1 : offline=true = ok           # it was sold; a finding says so
    ?        U1 stolen
  `,
  'an order is closed: what is unused is cancelled': `
    maker    commission U1,U2           = ok
    maker    voids U3 spoiled           = ok
    rival    closes U                   = not_found
    maker    closes U                   = ok
    maker    commission U4              = withdrawn
    maker    encode     U5              = withdrawn
    maker    voids U6 lost              = withdrawn
    shop     sell       U4              = withdrawn
    maker    pack       U1 in P1        = ok             # what was used goes on
    maker    ship       P1,U2 to shop   = ok
    shop     receive    P1,U2           = ok
    shop     sell       U1,U2           = ok
    maker    commission C1              = ok             # another order
  `,
  'an order is closed twice': `
    maker    commission U1              = ok
    maker    closes U                   = ok
    maker    closes U                   = wrong_state
    maker    ship       U1 to shop      = ok
  `,
  'a label that came off': `
    maker    commission U1,U2           = ok
    maker    ship       U1,U2 to trader = ok
    trader   receive    U1,U2           = ok
    trader   replace    U1 with U5      = role_missing   # only who orders codes has new ones
    trader   ship       U1 to maker     = ok
    maker    receive    U1              = ok
    maker    replace    U1 with U5      = ok
    maker    ship       U1 to shop      = withdrawn
    maker    replace    U1 with U6      = withdrawn
    maker    replace    U2 with U6      = not_holder
    ?        U1 withdrawn
  `,
}

t.test('labels', async (t) => {
  await tell(t, await testApp(t), stories)
})
