import t from 'tap'
import { testApp } from '../support/app.ts'
import { checkReplay } from '../support/replay.ts'
import { stage } from '../support/story.ts'

// Taking back, and new labels. What was undone is as if it had not been; nothing that others built on is pulled away under them.
const stories: Record<string, string> = {
  'a wrong scan is taken back': `
    maker    commission U1,U2           = ok
    maker    ship       U1 to trader    = ok
    rival    undo ship U1 of maker      = not_found
    trader   undo ship U1 of maker      = not_found
    maker    undo ship U1               = ok
    maker    undo ship U1               = wrong_state    # once
    ?        U1 active maker
    trader   receive    U1              = not_addressed
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    ?        U1 active shop
  `,
  'newest first': `
    maker    commission U1              = ok
    maker    ship       U1 to shop      = ok
    maker    undo commission U1         = wrong_state
    maker    undo ship U1               = ok
    maker    undo commission U1         = ok
    ?        U1 ordered
    maker    ship       U1 to shop      = wrong_state
    maker    commission U1              = ok             # the code is good as new
    ?        U1 active maker
  `,
  'what another has built on stays until he agrees': `
    maker    commission U1              = ok
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    maker    undo ship U1               = wrong_state
    shop     undo receive U1            = ok
    maker    undo ship U1               = ok
    ?        U1 active maker
  `,
  'a sale rung up by mistake': `
    maker    commission U1              = ok
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    shop     sell       U1              = ok
    shop     undo sell U1               = ok
    ?        U1 active shop
    shop     sell       U1              = ok
    shop     sell       U1              = already_sold
  `,
  'a pallet is packed, opened and emptied as before': `
    maker    commission U1,U2,U3        = ok
    maker    pack       U1,U2 in P1     = ok
    maker    undo pack U1,U2            = ok
    maker    ship       P1 to shop      = code_unknown   # there is no such pallet
    maker    pack       U1,U2 in P1     = ok
    maker    unpack     all in P1       = ok
    maker    undo unpack all            = ok
    maker    pack       U1 in P2        = packed_elsewhere
    maker    pack       U3 in P1        = ok
    maker    ship       P1 to shop      = ok
    shop     receive    P1              = ok
    shop     sell       U1              = ok
    shop     undo sell U1               = ok
    shop     unpack     U1 in P1        = ok
    shop     unpack     U2,U3 in P1     = ok
    shop     undo unpack U2,U3          = ok
    shop     unpack     U2 in P1        = ok
  `,
  'nothing is put back into a pallet that has left': `
    maker    commission U1,U2,C1        = ok
    maker    pack       U1,U2 in C1     = ok
    maker    pack       C1 in P1        = ok
    maker    unpack     U1 in C1        = ok
    maker    ship       P1 to shop      = ok
    maker    undo unpack U1             = wrong_state
    maker    undo ship P1               = ok
    maker    undo unpack U1             = ok
    maker    ship       U1 to shop      = packed_elsewhere
  `,
  'part of a pallet was received': `
    maker    commission U1,U2,C1        = ok
    maker    pack       U1,U2 in C1     = ok
    maker    pack       C1 in P1        = ok
    maker    ship       P1 to shop      = ok
    shop     receive    U1              = ok
    maker    undo ship P1               = wrong_state
    shop     undo receive U1            = ok
    maker    undo ship P1               = ok
    ?        U1 active maker
    ?        U2 active maker
  `,
  'destroyed by mistake, and held by customs since': `
    maker    commission U1,U2           = ok
    maker    destroy    U1              = ok
    maker    undo destroy U1            = ok
    maker    ship       U1 to shop      = ok
    maker    destroy    U2              = ok
    customs  holding    U1              = ok
    maker    undo ship U1               = wrong_state
    customs  undo holding U1            = ok
    maker    undo ship U1               = ok
  `,
  'two sales side by side: the second goes, the first stays': `
    maker    commission U1              = ok
    maker    ship       U1 to shop      = ok
    shop     receive    U1              = ok
    shop     sell       U1              = ok
    rival    sell       U1 : offline=true = ok
    shop     undo sell U1               = wrong_state
    rival    undo sell U1               = ok
    ?        U1 sold shop
    shop     sell       U1              = already_sold
    shop     undo sell U1               = ok
    ?        U1 active shop
  `,
  'a fact that waits is taken back': `
    maker    commission U1              = ok
    shop     receive    U1 : offline=true time=-10m = ok
    shop     undo receive U1            = ok
    maker    ship       U1 to shop : time=-20m = ok
    ?        U1 in_transit maker
    shop     receive    U1              = ok
    ?        U1 active shop
  `,
  'a fact that was settled is taken back': `
    maker    commission U1,U2           = ok
    maker    ship       U2 to shop : time=-30m = ok
    shop     receive    U1,U2 : offline=true time=-10m = ok
    maker    ship       U1 to shop : time=-20m = ok
    ?        U1 active shop
    ?        U2 active shop
    maker    undo ship U1               = wrong_state
    shop     undo receive U1,U2         = ok
    ?        U1 in_transit maker
    ?        U2 in_transit maker
    maker    undo ship U1               = ok
  `,
  'a new label': `
    maker    commission U1,U2,U3        = ok
    maker    pack       U1 in P1        = ok
    maker    replace    U1,U2 with U5,U4 = ok
    maker    pack       U1 in P2        = withdrawn
    maker    ship       U5 to shop      = packed_elsewhere
    maker    ship       P1,U4 to shop   = ok
    shop     receive    P1,U4           = ok
    shop     sell       U5,U4           = ok
    shop     sell       U1              = withdrawn
    maker    replace    U3 with U4      = not_owner      # a code stands for one thing
    trader   replace    U3 with U6      = role_missing
    maker    replace    U3 with C1      = not_possible   # another product
    maker    replace    U3 with U6      = ok
    maker    undo replace U3            = ok
    ?        U3 active maker
    ?        U6 ordered
    maker    commission U6              = ok
  `,
}

t.test('corrections', async (t) => {
  const app = await testApp(t)
  for (const [name, story] of Object.entries(stories)) {
    await t.test(name, async (t) => {
      const { play } = await stage(app)
      await play(story)
      t.pass(name)
    })
  }
  await t.test('a second ledger that replays the entries agrees with every step', async (t) => {
    const report = await checkReplay(app.database.adminUrl)
    t.ok(report.compared > 25, `${report.compared} objects compared, ${report.skipped} left out`)
  })
})
