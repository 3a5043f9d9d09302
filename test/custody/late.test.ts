import t from 'tap'
import { testApp } from '../support/app.ts'
import { stage } from '../support/story.ts'

// What was scanned without a line comes when it comes. Nothing is refused for being early; the end is the same (design D11).
const stories: Record<string, string> = {
  'a sale before its delivery is known': `
    maker    commission U1,U2              = ok
    shop     receive    U1 : offline=true time=-50m = ok
    shop     sell       U1 : offline=true time=-40m = ok
    ?        U1 active maker
    maker    ship       U1 to shop : offline=true time=-60m = ok
    ?        U1 sold shop
    shop     sell       U1              = already_sold
  `,
  'an early receipt waits, and a carrier in between': `
    maker    commission U1              = ok
    shop     receive    U1 : ifEarly=wait time=-10m = ok
    carrier  departing  U1 : offline=true time=-30m = ok
    maker    ship       U1 to shop by carrier : time=-40m = ok
    ?        U1 active shop
  `,
  'packing comes after the pallet has left': `
    maker    commission U1,U2           = ok
    maker    ship       P1 to shop : offline=true time=-30m = ok
    shop     receive    P1 : offline=true time=-20m = ok
    shop     sell       U1 : offline=true time=-10m = ok
    maker    pack       U1,U2 in P1 : offline=true time=-40m = ok
    ?        U1 sold shop
    ?        U2 active shop
  `,
  'commissioning comes last': `
    shop     sell       U1 : offline=true time=-10m = ok
    shop     receive    U1 : offline=true time=-20m = ok
    maker    ship       U1 to shop : offline=true time=-30m = ok
    maker    commission U1 : offline=true time=-40m = ok
    ?        U1 sold shop
  `,
  'a late note of who had it changes nothing': `
    maker    commission U1 : time=-60m    = ok
    maker    ship       U1 to shop by carrier : time=-50m = ok
    shop     receive    U1 : time=-20m    = ok
    carrier  arriving   U1 : offline=true time=-30m = ok
    carrier  arriving   U1                = not_holder
    ?        U1 active shop
  `,
  'what is gone for good waits for nothing': `
    maker    commission U1,U2           = ok
    maker    destroy    U1              = ok
    shop     receive    U1 : offline=true = ok
    ?        U1 destroyed maker
    shop     receive    U2 : ifEarly=wait = ok
    maker    destroy    U2              = ok
    ?        U2 destroyed maker
  `,
}

t.test('late truth', async (t) => {
  const app = await testApp(t)
  for (const [name, story] of Object.entries(stories)) {
    await t.test(name, async (t) => {
      const { play } = await stage(app)
      await play(story)
      t.pass(name)
    })
  }
})
