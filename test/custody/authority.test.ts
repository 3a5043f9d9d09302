import t from 'tap'
import { testApp } from '../support/app.ts'
import { tell } from '../support/stories.ts'
import { stage, usualCast } from '../support/story.ts'

const cast = { ...usualCast, border: { roles: ['customs' as const] } }

// What an authority may do without being holder, and what nobody else may undo.
const stories: Record<string, string> = {
  'only who held it lifts the hold': `
    maker    commission U1              = ok
    customs  hold       U1              = ok
    maker    holding    U1 : disposition=available = ok  # a note of his own: it lifts nothing
    maker    ship       U1 to shop      = on_hold
    border   hold       U1 : disposition=available = on_hold
    border   hold       U1              = ok             # held already, and still by the first
    border   hold       U1 : disposition=available = on_hold
    customs  hold       U1 : disposition=available = ok
    maker    ship       U1 to shop      = ok
    shop     hold       U1              = not_holder
  `,
  'what is on hold may be looked at, and not moved': `
    maker    commission U1,U2           = ok
    maker    ship       U2 to shop by carrier = ok
    customs  hold       U1,U2           = ok
    maker    inspecting U1              = ok
    maker    pack       U1 in P1        = on_hold
    maker    destroy    U1              = on_hold
    maker    withdraw   U1              = on_hold
    maker    ship       U1 to outside   = on_hold
    carrier  departing  U2              = ok             # to where customs want it
    maker    void       U2              = on_hold
    shop     void       U2              = on_hold
    shop     receive    U2              = on_hold
  `,
  'a hold on a pallet holds what is in it, also out of it': `
    maker    commission U1,U2,U3        = ok
    maker    pack       U1,U2 in P1     = ok
    customs  hold       P1              = ok
    maker    unpack     U1 in P1        = on_hold
    maker    pack       U3 in P1        = on_hold
    customs  hold       U1 : disposition=available = wrong_state # the pallet is held
    customs  unpack     U1 in P1        = ok
    maker    ship       U1 to shop      = on_hold
    customs  hold       U1 : disposition=available = ok
    maker    ship       U1 to shop      = ok
    maker    destroy    U2              = on_hold
    customs  hold       P1 : disposition=available = ok
    maker    unpack     U2 in P1        = ok
    maker    ship       U2 to shop      = ok
  `,
  'customs open a pallet on a lorry': `
    maker    commission U1,U2,U3        = ok
    maker    pack       U1,U2,U3 in P1  = ok
    maker    ship       P1 to shop by carrier = ok
    carrier  unpack     U1 in P1        = wrong_state    # under way
    rival    unpack     U1 in P1        = not_holder
    customs  unpack     U1,U2 in P1     = ok
    ?        U1 in_transit carrier
    customs  inspecting U1              = ok
    customs  pack       U1 in P1        = ok             # re-packed
    customs  destroy    U2              = ok
    shop     receive    P1              = ok
    shop     sell       U1,U3           = ok
    shop     receive    U2              = not_addressed
  `,
  'what customs took out goes where it went': `
    maker    commission U1,U2,U3        = ok
    maker    pack       U1,U2 in P1     = ok
    maker    ship       P1 to shop by carrier = ok
    customs  unpack     U1,U2 in P1     = ok
    customs  pack       U1 in P2        = ok             # on another pallet
    customs  pack       U3 in P2        = not_holder     # that is in other hands
    maker    ship       U3 to trader by carrier = ok
    customs  pack       U3 in P2        = not_holder     # on another way
    shop     receive    P2,U2           = ok
    shop     sell       U1,U2           = ok
  `,
  'a sample, and seizure': `
    maker    commission U1,U2,U3        = ok
    maker    pack       U1,U2 in P1     = ok
    maker    ship       P1 to shop      = ok
    customs  receive    U1              = ok             # a sample
    ?        U1 active customs
    shop     receive    P1              = ok
    shop     sell       U1              = not_owner
    customs  destroy    U1 : reason=confiscated = ok
    shop     sell       U2              = ok
    customs  receive    U2              = wrong_state    # it is sold
    customs  receive    U3              = ok             # seized
    maker    ship       U3 to shop      = not_holder
    customs  sell       U3              = role_missing
    customs  ship       U3 to maker     = ok             # given back, to whom it belongs
    maker    receive    U3              = on_hold
    customs  hold       U3 : disposition=available = ok
    maker    receive    U3              = ok
    maker    ship       U3 to shop      = ok
  `,
  'stolen goods are found': `
    maker    commission U1              = ok
    maker    inspecting U1 : disposition=stolen reason=theft = ok
    maker    ship       U1 to shop      = wrong_state
    rival    receive    U1              = not_addressed
    customs  receive    U1              = ok
    ?        U1 stolen customs
    customs  destroy    U1              = wrong_state
  `,
  'nobody else has an authority': `
    maker    commission U1              = ok
    maker    encode     U2              = ok
    rival    receive    U1              = not_addressed
    rival    destroy    U1              = not_holder
    rival    inspecting U2 : disposition=active = not_holder
    maker    inspecting U2 : disposition=active = ok
    ?        U2 encoded maker
    customs  commission U3              = role_missing
    customs  ship       U1 to shop      = not_holder
    customs  withdraw   U1              = not_holder
  `,
}

t.test('authority', async (t) => {
  const app = await testApp(t)
  await tell(t, app, stories, { cast })

  await t.test('who holds it, and why', async (t) => {
    const { play, actors, code } = await stage(app, { cast })
    await play(`
      maker    commission U1,U2,U3      = ok
      maker    pack       U1 in P1      = ok
      maker    ship       P1,U2,U3 to shop = ok
      shop     receive    P1,U2,U3      = ok
      maker    holding    U3 : reason=eaten = field_invalid
      customs  hold       P1 : reason=laboratory = ok
      border   hold       U2            = ok
    `)
    const detail = async (unit: string) => {
      const scan = { step: 'retail_selling', codes: [code(unit)] }
      const refused = await actors.get('shop')?.expect<{ code: string; detail: string }>(409, 'POST', '/scans', scan)
      return `${refused?.code}: ${refused?.detail}`
    }
    t.match(
      await detail('U1'),
      /^on_hold: It is held by customs since \d{4}-\d\d-\d\d: Waiting for the result of a lab/,
    )
    t.match(
      await detail('U2'),
      /^on_hold: It is held by border since .*: no reason was given\. Ask them to lift the hold/,
    )
  })
})
