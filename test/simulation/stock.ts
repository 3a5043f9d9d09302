// Codes of each kind of goods that nobody used yet, ordered when they run out, whatever happens to the service meanwhile.
import { setTimeout as delay } from 'node:timers/promises'
import { gtin } from '../support/given.ts'
import { isBottle, stock } from '../support/model-scene.ts'
import { remote, type Remote } from '../support/remote.ts'
import type { Journal } from './journal.ts'
import type { Doors } from './world.ts'

const codesAtOnce = 600
const patienceMs = 25

export type Stock = { take: (letter: string) => Promise<string> }

export async function openStock(world: Doors, journal: Journal): Promise<Stock> {
  const shelves = new Map<
    string,
    { owner: string; gtin: string; codes: string[]; ordering?: Promise<void> | undefined }
  >()
  async function persist<T>(work: (remote: Remote) => Promise<T>, who: string): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const gate = world.gates[attempt % world.gates.length]
      if (!gate) throw new Error('there is no process')
      try {
        return await work(remote(gate.url, world.actors.get(who)?.key ?? ''))
      } catch (error) {
        if (error instanceof Error && /: 4\d\d: /.test(error.message)) throw error
        await delay(patienceMs)
      }
    }
  }
  for (const [owner, kinds] of Object.entries(stock)) {
    const bottle = gtin()
    for (const letter of Object.keys(kinds)) {
      const made = isBottle(letter) ? bottle : gtin()
      const contains = isBottle(letter) ? {} : { contains: [{ gtin: bottle, count: 12 }] }
      const product = {
        gtin: made,
        name: 'Vodka 0.5 l',
        group: 'alcohol',
        hsCode: '2208601100',
        originCountry: 'KG',
        ...contains,
      }
      await persist((maker) => maker.expect(201, 'POST', '/products', product), owner)
      shelves.set(letter, { owner, gtin: made, codes: [] })
    }
  }
  async function order(letter: string): Promise<void> {
    const shelf = shelves.get(letter)
    if (!shelf) throw new Error(`there is no ${letter}`)
    const body = { gtin: shelf.gtin, quantity: codesAtOnce }
    const { id } = await persist(
      (maker) => maker.expect<{ id: string }>(201, 'POST', '/code-orders', body),
      shelf.owner,
    )
    const text = await persist(async (maker) => {
      const answer = await maker.send('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
      if (answer.status !== 200) throw new Error(`codes: ${answer.status}`)
      return answer.text
    }, shelf.owner)
    journal.count('code orders')
    shelf.codes.push(...text.trim().split('\n'))
  }
  return {
    take: async (letter) => {
      const shelf = shelves.get(letter)
      if (!shelf) throw new Error(`there is no ${letter}`)
      for (;;) {
        const code = shelf.codes.pop()
        if (code !== undefined) return code
        shelf.ordering ??= order(letter).finally(() => (shelf.ordering = undefined))
        await shelf.ordering
      }
    },
  }
}
