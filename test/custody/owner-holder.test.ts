import t from 'tap'
import { testApp, testClock } from '../support/app.ts'
import { tell } from '../support/stories.ts'

// Whose it is and who has it are two things: where they part, and where they must not run into each other.
const stories: Record<string, string> = {
  "a shop sells from a warehouse's hands under a mandate": `
    maker    commission U1,U2,U3        = ok
    maker    ship       U1,U2,U3 to shop = ok
    shop     receive    U1,U2,U3        = ok
    shop     ship       U1,U2,U3 to store = ok
    store    receive    U1,U2,U3        = ok
    store    pack       U2 in P1        = ok
    shop     sell       U1              = not_holder
    shop     lets store ship            = ok             # this is not about selling
    later 1s
    shop     sell       U1              = not_holder
    shop     lets store sell            = ok
    later 1s
    rival    sell       U1              = not_owner
    store    sell       U1              = role_missing
    shop     sell       U1,U2           = ok
    ?        U1 sold store
    shop     ends store                 = ok
    later 1s
    shop     sell       U3              = not_holder
  `,
  'the warehouse may be the one who gives the mandate': `
    maker    commission U1,U2           = ok
    maker    ship       U1,U2 to shop   = ok
    shop     receive    U1,U2           = ok
    shop     ship       U1,U2 to store  = ok
    store    receive    U1,U2           = ok
    store    lets shop  sell            = ok
    later 1s
    shop     sell       U1              = ok
    rival    lets shop  sell            = ok
    store    ship       U2 to rival : transfer=possession = ok
    shop     sell       U2              = wrong_state    # under way
    rival    receive    U2              = ok
    shop     sell       U2              = not_holder     # known half a second ago: not yet
    later 1s
    shop     sell       U2              = ok
  `,
  'a mandate for some goods only': `
    maker    commission U1,C1           = ok
    maker    ship       U1,C1 to shop   = ok
    shop     receive    U1,C1           = ok
    shop     ship       U1,C1 to store  = ok
    store    receive    U1,C1           = ok
    shop     lets store sell of C       = ok
    later 1s
    shop     sell       U1              = not_holder
    shop     sell       C1              = ok
  `,
  'another owner of what the warehouse holds': `
    maker    commission U1              = ok
    maker    ship       U1 to store     = ok
    store    receive    U1              = ok
    store    lets shop  sell            = ok
    later 1s
    shop     sell       U1              = not_owner      # a mandate makes nobody owner
  `,
  'to a restaurant, abroad, for own use': `
    maker    commission U1,U2,U3,U4     = ok
    maker    ship       U1 to outside : reason=restaurant = ok
    maker    ship       U2 to outside : reason=because = field_invalid
    maker    ship       U2 to outside : reason=theft = field_invalid  # a reason, but not for this
    maker    ship       U2 to shop : reason=restaurant = field_invalid
    maker    ship       U2 to outside   = ok
    shop     receive    U1              = not_addressed
    maker    receive    U1              = ok             # it was not wanted
    ?        U1 active maker
    maker    ship       U1 to shop      = ok
    maker    ship       U3 to carrier : transfer=possession = ok
    carrier  receive    U3              = ok
    carrier  ship       U3 to outside   = not_owner      # not his to give away
    carrier  ship       U3 to outside : transfer=possession = ok
    carrier  receive    U3              = not_addressed
    maker    receive    U3              = ok
  `,
  'a part of what was exported comes back': `
    maker    commission U1,U2,U3        = ok
    maker    encode     U4              = ok
    maker    pack       U1,U2,U4 in P1  = ok
    maker    ship       P1 to outside   = ok
    maker    unpack     U1 in P1        = not_holder
    rival    receive    U1              = not_addressed
    maker    receive    U1,U4           = ok
    ?        U1 active maker
    ?        U4 encoded maker
    ?        U2 exported
    maker    receive    P1              = ok
    ?        U2 active maker
  `,
  'what comes back is what it was': `
    maker    commission U1,U2           = ok
    maker    withdraw   U1              = ok
    maker    ship       U1 to outside   = ok
    maker    receive    U1              = ok
    ?        U1 withdrawn maker
    maker    dispensing U2 : disposition=partially_dispensed = ok
    maker    ship       U2 to outside   = ok
    maker    receive    U2              = ok
    ?        U2 opened maker
  `,
  'under way the carrier answers, and the sender': `
    maker    commission U1,U2,U3        = ok
    maker    ship       U1,U2,U3 to shop by carrier = ok
    ?        U1 in_transit carrier
    shop     inspecting U1              = not_holder
    store    departing  U1              = not_holder
    carrier  departing  U1              = ok
    shop     inspecting U2 : disposition=stolen = not_holder
    carrier  inspecting U2 : disposition=stolen reason=lost_on_the_way = ok
    maker    inspecting U3 : disposition=stolen reason=robbery = ok
    ?        U2 stolen carrier
    shop     receive    U1,U2           = not_addressed
    shop     receive    U1              = ok
    carrier  departing  U1              = not_holder
  `,
  'the buyer fetches it himself': `
    maker    commission U1              = ok
    maker    ship       U1 to shop by shop = ok
    ?        U1 in_transit shop
    shop     departing  U1              = ok
    shop     sell       U1              = not_owner
    shop     receive    U1              = ok
    shop     sell       U1              = ok
  `,
  'redirected to a warehouse: it stays whose it is': `
    maker    commission U1,U2           = ok
    maker    ship       U1,U2 to shop   = ok
    maker    void       U1 to store     = ok
    store    receive    U1              = ok
    store    ship       U1 to shop      = not_owner
    store    ship       U1 to trader : transfer=possession = ok
    store    void       U1 to rival     = not_owner      # nor can it be given away on the way
    maker    void       U2 to outside   = not_addressed  # take it back first
    maker    void       U2              = ok
    maker    ship       U2 to outside   = ok
  `,
  "somebody's bottle in somebody else's case on a pallet": `
    maker    commission U1,U2,C1        = ok
    maker    ship       U1 to trader    = ok
    trader   receive    U1              = ok
    maker    pack       C1 in P1        = ok
    maker    ship       P1 to store : transfer=possession = ok
    trader   ship       U1 to store     = ok
    store    receive    P1,U1           = ok
    store    pack       U1 in C1        = ok             # the case is on the pallet meanwhile
    store    ship       P1 to maker     = not_owner      # two owners, through two wrappings
    store    unpack     C1 in P1        = ok
    store    unpack     U1 in C1        = ok
    store    ship       U1 to maker     = not_owner      # it never became the maker's
    store    ship       U1 to trader    = ok
  `,
  'a mixed pallet is packed in another': `
    maker    commission U1,U2,U3        = ok
    maker    ship       U1,U3 to trader = ok
    trader   receive    U1,U3           = ok
    trader   ship       U1,U3 to store  = ok
    maker    ship       U2 to store     = ok
    store    receive    U1,U2,U3        = ok
    store    pack       U2,U1 in P1     = ok
    store    pack       P1 in P2        = ok
    store    ship       P2 to maker     = not_owner
    store    unpack     all in P2       = ok
    store    unpack     all in P1       = ok
    store    ship       U1 to maker     = not_owner
    store    ship       U1 to trader    = ok
    store    pack       U2 in P1        = ok             # emptied, it holds one owner's goods again
    store    ship       P1 to maker     = ok
  `,
}

t.test('owner and holder', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  await tell(t, app, stories, { clock })
})
