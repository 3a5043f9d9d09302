import t from 'tap'
import { testApp } from '../support/app.ts'
import { checkReplay } from '../support/replay.ts'
import { stage } from '../support/story.ts'

// What a container does to what is in it, where the two are easily mixed up: whose it is, and what has left for good.
const stories: Record<string, string> = {
  'recalled goods travel back': `
    maker    commission U1,U2           = ok
    maker    ship       U1,U2 to shop   = ok
    shop     receive    U1,U2           = ok
    shop     withdraw   U1              = ok
    shop     sell       U1              = withdrawn
    shop     ship       U1 to maker     = ok
    maker    receive    U1              = ok
    maker    ship       U1 to shop      = ok
    shop     sell       U1              = withdrawn
    shop     receive    U1              = ok
    shop     sell       U1              = withdrawn
    shop     destroy    U1              = ok
  `,
  'a recalled pallet: what leaves it stays recalled': `
    maker    commission U1,U2           = ok
    maker    pack       U1,U2 in P1     = ok
    maker    withdraw   P1              = ok
    maker    ship       U1 to shop      = packed_elsewhere
    maker    ship       P1 to shop      = ok
    shop     receive    U1              = ok
    shop     sell       U1              = withdrawn
    shop     sell       U2              = withdrawn
    shop     receive    P1              = ok
    shop     sell       U2              = withdrawn
  `,
  'a mixed container does not pass to one of its owners': `
    maker    commission U1,U2           = ok
    maker    ship       U1 to store     = ok
    maker    ship       U2 to trader    = ok
    store    receive    U1              = ok
    trader   receive    U2              = ok
    trader   ship       U2 to store     = ok
    store    receive    U2              = ok
    store    pack       U1,U2 in P1     = ok
    store    ship       P1 to maker     = not_owner
    store    ship       P1 to maker : transfer=possession = ok
    maker    receive    P1              = ok
    maker    unpack     U1,U2 in P1     = ok
    maker    ship       U2 to shop      = not_owner
    maker    ship       U1 to shop      = ok
  `,
  'a bottle and the case that it came in, sold in one event': `
    maker    commission U1,U2,C1        = ok
    maker    pack       U1,U2 in C1     = ok
    maker    ship       C1 to shop      = ok
    shop     receive    C1              = ok
    shop     sell       U1,C1           = ok             # the bottle by itself, and the case with what is left in it
    shop     sell       U2              = already_sold
  `,
  "another owner's case, packed on a pallet that is packed in a container: what is in it stays its owner's": `
    maker    commission U1,U2,C1,C2     = ok
    maker    ship       C1 to trader    = ok
    trader   receive    C1              = ok
    trader   ship       C1 to maker : transfer=possession = ok
    maker    receive    C1              = ok
    maker    pack       U1 in C1        = ok             # the maker's bottle in the trader's case
    maker    pack       U2,C1 in P1     = ok
    maker    pack       P1 in C2        = ok             # each is named again, the case after what is in it
    maker    unpack     U1 in C1        = ok
    maker    ship       U1 to shop      = ok
    maker    unpack     C1 in P1        = ok
    maker    ship       C1 to shop      = not_owner
  `,
  "another owner's case does not swallow what is packed in it": `
    maker    commission U1,U2           = ok
    maker    ship       U1 to trader    = ok
    trader   receive    U1              = ok
    trader   ship       U1 to store     = ok
    store    receive    U1              = ok
    maker    commission C1              = ok
    maker    ship       C1 to store : transfer=possession = ok
    store    receive    C1              = ok
    store    pack       U1 in C1        = ok
    store    ship       C1 to maker     = not_owner      # two owners now
    store    ship       C1 to maker : transfer=possession = ok
    maker    receive    C1              = ok
    maker    unpack     U1 in C1        = ok
    maker    ship       U1 to shop      = not_owner      # it is still the trader's
    maker    ship       U1 to trader    = ok
    trader   receive    U1              = ok
  `,
  'one bottle of a case that was sold whole comes back': `
    maker    commission U1,U2,C1        = ok
    maker    pack       U1,U2 in C1     = ok
    maker    ship       C1 to shop      = ok
    shop     receive    C1              = ok
    shop     sell       C1              = ok
    shop     sell       U1              = already_sold
    shop     receive    U1 : disposition=returned = ok
    shop     receive    U1 : disposition=returned = wrong_state
    shop     sell       U2              = already_sold
    shop     sell       U1              = ok
    shop     sell       U1              = already_sold
    shop     receive    C1 : disposition=returned = ok
    shop     sell       U2              = ok
    shop     sell       U1              = already_sold
  `,
  'a part of a delivery': `
    maker    commission U1,U2,U3,C1,C2  = ok
    maker    pack       U1,U2 in C1     = ok
    maker    pack       U3 in C2        = ok
    maker    pack       C1,C2 in P1     = ok
    maker    ship       P1 to trader by carrier = ok
    trader   receive    C1              = ok
    trader   ship       C1 to shop      = ok
    maker    void       P1              = ok             # the rest comes home
    shop     receive    U2              = ok
    maker    unpack     all in P1       = ok
    maker    ship       C2 to shop      = ok
    shop     receive    C1,C2           = ok
    shop     sell       U1,U2,U3        = ok
  `,
}

t.test('containers and what is in them', async (t) => {
  const app = await testApp(t)
  for (const [name, story] of Object.entries(stories)) {
    await t.test(name, async (t) => {
      const { play } = await stage(app)
      await play(story)
      t.pass(name)
    })
  }
  await t.test('a second ledger that replays the entries agrees with every step', async (t) => {
    const { entries, compared, skipped } = await checkReplay(app.database.adminUrl)
    t.ok(entries > 40 && compared > 15)
    t.equal(skipped, 0)
    t.comment(`${entries} entries replayed, ${compared} objects compared`)
  })
})
