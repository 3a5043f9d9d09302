// How much longer a pallet takes than a unit: the same acts with one unit and with a pallet of 10,000 of them, in turn, on a database
// of its own; prints medians and their ratio, which must not pass 2. `node --import tsx loadtest/pallet.ts [units] [rounds]`
import { performance } from 'node:perf_hooks'
import { testApp } from '../test/support/app.ts'
import { stage } from '../test/support/story.ts'

const units = Number(process.argv[2] ?? 10_000)
const rounds = Number(process.argv[3] ?? 200)
const teardowns: (() => Promise<void>)[] = []
const app = await testApp({ teardown: (done) => void teardowns.push(done) })

const home = await stage(app, { units: units + 1 })
const firm = (name: string) => {
  const found = home.actors.get(name)
  if (!found) throw new Error(name)
  return found
}
// To and fro between two who may send to each other for ever.
const [maker, trader] = [firm('maker'), firm('trader')]
const onPallet = Array.from({ length: units }, (_, i) => home.code(`U${i + 1}`))
const alone = home.code(`U${units + 1}`)
const pallet = home.code('P1')
await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [...onPallet, alone] })
await maker.expect(201, 'POST', '/scans', { step: 'packing', codes: onPallet, parent: pallet })

const times = { shipping: new Map<string, number[]>(), receiving: new Map<string, number[]>() }

async function timed(step: keyof typeof times, code: string, who: typeof maker, to?: string): Promise<void> {
  const from = performance.now()
  await who.expect(201, 'POST', '/scans', { step, codes: [code], ...(to === undefined ? {} : { to }) })
  const known = times[step].get(code) ?? []
  times[step].set(code, [...known, performance.now() - from])
}

for (let round = 0; round < rounds + 20; round++) {
  const [from, to] = round % 2 === 0 ? [maker, trader] : [trader, maker]
  if (round === 20) for (const step of Object.values(times)) step.clear() // What is compiled and planned once does not count.
  for (const code of round % 3 === 0 ? [alone, pallet] : [pallet, alone]) {
    await timed('shipping', code, from, to.id)
    await timed('receiving', code, to)
  }
}

const median = (list: readonly number[] = []): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN
for (const [step, byCode] of Object.entries(times)) {
  const [unit, whole] = [median(byCode.get(alone)), median(byCode.get(pallet))]
  const ratio = whole / unit
  process.stdout.write(
    `${step}: one unit ${unit.toFixed(2)} ms, a pallet of ${units} ${whole.toFixed(2)} ms: ${ratio.toFixed(2)} times${ratio > 2 ? ' TOO MUCH' : ''}\n`,
  )
  if (ratio > 2) process.exitCode = 1
}
for (const done of teardowns.reverse()) await done()
