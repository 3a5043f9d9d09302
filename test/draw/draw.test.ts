// The draw's arithmetic, and the beacon that it takes a round of.
import { createHash } from 'node:crypto'
import t from 'tap'
import { drandBeacon, roundAfter } from '../../src/draw/beacon.ts'
import { commitmentOf, draw, drawRanks, isSelected, sampleSize } from '../../src/draw/draw.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

t.test('of 200,000 declarations as many are selected as the rate says', (t) => {
  const seed = createHash('sha256').update('a shift').digest()
  const drawn = 200_000
  for (const [purpose, rate] of [
    ['random:red', 0.01],
    ['random:yellow', 0.02],
    ['random:blue', 0.05],
    ['second', 0.015],
  ] as const) {
    let selected = 0
    for (let i = 0; i < drawn; i++) {
      if (isSelected(draw(seed, sha256(`round ${i >> 4}`), sha256(`declaration ${i}`), purpose), rate)) selected++
    }
    const error = Math.sqrt(drawn * rate * (1 - rate))
    const z = (selected - drawn * rate) / error
    t.ok(Math.abs(z) < 3, `${purpose}: ${selected} of ${drawn} at ${rate}, z ${z.toFixed(2)}`)
  }
  t.end()
})

t.test('a bit of anything is another draw', (t) => {
  const [seed, beacon, digest] = [Buffer.alloc(32, 1), sha256('round'), sha256('declaration')]
  const u = draw(seed, beacon, digest, 'random:red')
  t.equal(draw(seed, beacon, digest, 'random:red'), u)
  const drawn = new Set([u])
  for (let i = 0; i < 32; i++) {
    const changed = (hex: string) => {
      const bytes = Buffer.from(hex, 'hex')
      bytes[i] = (bytes[i] ?? 0) ^ 1
      return bytes
    }
    const other = changed(seed.toString('hex'))
    t.not(commitmentOf(other), commitmentOf(seed))
    drawn.add(draw(other, beacon, digest, 'random:red'))
    drawn.add(draw(seed, changed(beacon).toString('hex'), digest, 'random:red'))
    drawn.add(draw(seed, beacon, changed(digest).toString('hex'), 'random:red'))
  }
  drawn.add(draw(seed, beacon, digest, 'random:ree'))
  t.equal(drawn.size, 98)
  t.end()
})

t.test('ranks are drawn without repetition', (t) => {
  const [seed, beacon, digest] = [Buffer.alloc(32, 1), '', sha256('declaration')]
  t.equal(sampleSize(480), 7)
  for (const of of [1, 3, 7, 480]) {
    const ranks = drawRanks(seed, beacon, digest, 'sample', 7, of)
    t.equal(new Set(ranks).size, Math.min(7, of))
    t.ok(ranks.every((rank) => rank >= 0 && rank < of))
  }
  t.end()
})

t.test('the round is the first after the lodgement, waited for', async (t) => {
  const chain = { genesis: 1_000, period: 3 }
  t.same(
    [999, 1_000, 1_000.1, 1_002.9, 1_003].map((seconds) => roundAfter(new Date(seconds * 1000), chain)),
    [1, 2, 2, 2, 3],
  )
  let time = 2_000_000
  const asked: string[] = []
  const beacon = drandBeacon({
    url: 'https://beacon.example/chain',
    timeoutMs: 4_000,
    now: () => new Date(time),
    sleep: async (ms) => void (time += ms),
    fetch: async (url) => {
      const path = url instanceof Request ? url.url : String(url)
      asked.push(path)
      if (path.endsWith('/info')) return Response.json({ genesis_time: 1_000, period: 3 })
      const round = Number(path.split('/').at(-1))
      const due = (1_000 + (round - 1) * 3) * 1000
      return time < due + 200 ? new Response('', { status: 404 }) : Response.json({ round, randomness: sha256(path) })
    },
  })
  const lodged = new Date(time)
  t.match(await beacon.after(lodged), {
    source: 'https://beacon.example/chain',
    round: 335,
    randomness: /^[0-9a-f]{64}$/,
  })
  t.same(
    asked.map((path) => path.replace('https://beacon.example/chain', '')),
    ['/info', '/public/335', '/public/335'],
  )
  t.ok(time - lodged.getTime() < 5_000)
  const silent = drandBeacon({
    url: 'https://beacon.example',
    timeoutMs: 4_000,
    now: () => new Date(time),
    sleep: async (ms) => void (time += ms),
    fetch: () => Promise.reject(new Error('no line')),
  })
  t.same(await silent.after(new Date(time)), { offline: 'the beacon did not answer in time' })
})
