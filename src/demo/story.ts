// The story: 20,000 bottles from the line in Bishkek to a till in Karakol, a copy in Osh, a forgery, and one bottle's life.
import { type Cast, castActors } from './actors.ts'
import { type Client, DemoError } from './client.ts'
import { type Goods, groups, orderGoods, type Quantities } from './goods.ts'
import { tellLife } from './life.ts'
import type { Numbers } from './numbers.ts'
import { recordScans, type Tally } from './scans.ts'
import { catchCopyAndForgery, sellBottle, showPublicCheck } from './till.ts'
import { count, type Teller } from './tell.ts'

export type Stage = {
  tell: Teller
  cast: Cast
  goods: Goods
  tally: Tally
  operator: Client
  /** A time of the story. @param day 0 the day the bottles were marked, eight days ago */
  at: (day: number, clock: string, plusSeconds?: number) => string
}

export type StoryDeps = { tell: Teller; operator: Client; numbers: Numbers; now: () => Date; quantities: Quantities }

/** Plays it all against the service. @throws DemoError where the service says no to what the law allows */
export async function playStory({ tell, operator, numbers, now, quantities }: StoryDeps): Promise<void> {
  const start = performance.now()
  const at = storyClock(now())
  tell.say(`\nTamga at ${operator.url}: a story in six acts\n`)
  tell.say('1. The distillery marks its bottles')
  const cast = await castActors(operator, numbers)
  const goods = await orderGoods(tell, cast.distillery, numbers, quantities)
  const stage: Stage = { tell, cast, goods, tally: { events: 0 }, operator, at }
  await markGoods(stage)
  tell.say('\n2. It packs them')
  const packed = await timed(() => packGoods(stage))
  tell.say('\n3. They travel')
  await moveGoods(stage)
  tell.say('\n4. The shop sells a bottle')
  const bottle = await stockShop(stage)
  await sellBottle(stage, bottle)
  tell.say('\n5. A copy and a forgery turn up')
  await catchCopyAndForgery(stage, bottle)
  await showPublicCheck(stage, bottle)
  tell.say('\n6. One bottle, from the line to the till')
  await tellLife(stage, bottle)
  tellFigures(stage, (performance.now() - start) / 1_000, packed)
}

/** Bishkek keeps UTC+6 all year. */
const zoneMs = 6 * 3_600_000
const dayMs = 86_400_000
const daysAgo = 8

function storyClock(now: Date): Stage['at'] {
  const midnight = Math.floor((now.getTime() + zoneMs) / dayMs) * dayMs
  return (day, clock, plusSeconds = 0) => {
    const [hours = 0, minutes = 0] = clock.split(':').map(Number)
    const local = midnight + (day - daysAgo) * dayMs + (hours * 3_600 + minutes * 60 + plusSeconds) * 1_000
    return `${new Date(local).toISOString().slice(0, 19)}+06:00`
  }
}

async function timed(work: () => Promise<number>): Promise<{ events: number; seconds: number }> {
  const start = performance.now()
  const events = await work()
  return { events, seconds: (performance.now() - start) / 1_000 }
}

/** A block of codes to an event, as the printer finishes it. */
async function markGoods({ tell, cast, goods, tally, at }: Stage): Promise<void> {
  const { scanner } = cast.distillery
  const scans = groups([...goods.bottles, ...goods.cases.map(({ code }) => code)], 1_000).map((codes, i) => ({
    step: 'commissioning',
    codes,
    time: at(0, '08:10', i * 60),
  }))
  const progress = tell.progress('Marks bottles and cases', goods.bottles.length + goods.cases.length)
  for (const scan of scans) {
    await recordScans(scanner, [scan], tally)
    progress.advance(scan.codes.length)
  }
  progress.done()
}

async function packGoods({ tell, cast, goods, tally, at }: Stage): Promise<number> {
  const { scanner } = cast.distillery
  const before = tally.events
  const inCases = tell.progress('Packs bottles into cases', goods.cases.length)
  const caseScans = goods.cases.map(({ code, bottles }, i) => ({
    step: 'packing',
    parent: code,
    codes: bottles,
    time: at(0, '10:00', i * 6),
  }))
  await recordScans(scanner, caseScans, tally, inCases)
  inCases.done()
  const onPallets = tell.progress('Packs cases onto pallets', goods.pallets.length)
  const palletScans = goods.pallets.map(({ sscc, cases }, i) => ({
    step: 'packing',
    parent: sscc,
    codes: cases.map(({ code }) => code),
    time: at(0, '14:00', i * 120),
  }))
  await recordScans(scanner, palletScans, tally, onPallets)
  onPallets.done()
  return tally.events - before
}

/** To the wholesaler in one lorry: each movement is one event about the pallets alone, their contents come along. */
async function moveGoods({ tell, cast, goods, tally, at }: Stage): Promise<void> {
  const { distillery, carrier, wholesaler } = cast
  const codes = goods.pallets.map(({ sscc }) => sscc)
  const bottles = count(goods.bottles.length)
  const move = async (
    client: Client,
    scan: { step: string; time: string; place?: string; to?: string; carrier?: string; document?: string },
    text: string,
  ) => {
    const { events, seconds } = await timed(async () => {
      await recordScans(client, [{ ...scan, codes }], tally)
      return 1
    })
    tell.say(`  ${text} (${events} event, ${bottles} bottles, ${(seconds * 1_000).toFixed(0)} ms)`)
  }
  const shipment = { to: wholesaler.id, carrier: carrier.id, document: 'INV-2041' }
  await move(
    distillery.scanner,
    { step: 'shipping', time: at(1, '07:30'), ...shipment },
    `${distillery.name} ships ${codes.length} pallets to ${wholesaler.name}`,
  )
  const from = distillery.place?.gln
  const to = wholesaler.place?.gln
  if (from === undefined || to === undefined) throw new DemoError('The distillery and the wholesaler need a place.')
  await move(
    carrier.scanner,
    { step: 'departing', time: at(1, '08:05'), place: from },
    `${carrier.name} departs from ${distillery.town}`,
  )
  await move(
    carrier.scanner,
    { step: 'arriving', time: at(1, '09:50'), place: to },
    `${carrier.name} arrives in ${wholesaler.town}`,
  )
  await move(wholesaler.scanner, { step: 'receiving', time: at(1, '10:40') }, `${wholesaler.name} receives them`)
}

/** One case goes on to the shop; gives a bottle of it. */
async function stockShop({ tell, cast, goods, tally, at }: Stage): Promise<string> {
  const { wholesaler, shop } = cast
  const [pallet] = goods.pallets
  const [crate] = pallet?.cases ?? []
  const bottle = crate?.bottles.at(-1)
  if (!pallet || !crate || bottle === undefined) throw new DemoError('There is no case to ship.')
  const codes = [crate.code]
  await recordScans(
    wholesaler.scanner,
    [
      { step: 'unpacking', parent: pallet.sscc, codes, time: at(3, '08:40') },
      { step: 'shipping', to: shop.id, document: 'INV-77', codes, time: at(3, '09:15') },
    ],
    tally,
  )
  tell.say(`  ${wholesaler.name} takes a case from a pallet and ships it to ${shop.name} in ${shop.town}`)
  await recordScans(
    shop.scanner,
    [
      { step: 'receiving', codes, time: at(3, '15:20') },
      { step: 'unpacking', parent: crate.code, codes: [], time: at(4, '08:30') },
    ],
    tally,
  )
  tell.say(`  ${shop.name} receives it and puts ${crate.bottles.length} bottles on the shelf`)
  return bottle
}

function tellFigures(
  { tell, goods, tally, operator }: Stage,
  seconds: number,
  packed: { events: number; seconds: number },
): void {
  const codes = goods.bottles.length + goods.cases.length
  tell.say(
    `\n${count(codes)} codes, ${count(tally.events)} events, ${count(operator.requests())} requests in ${seconds.toFixed(1)} s; ` +
      `packing: ${count(Math.round(packed.events / packed.seconds))} events and ${count(Math.round(codes / packed.seconds))} codes a second.`,
  )
}
