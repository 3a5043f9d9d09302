// Rounds as drand published them, and what is made of them.
import t from 'tap'
import { drandBeacon } from '../../src/draw/beacon.ts'
import { type ChainInfo, chainHash, hashOf, isSigned, knownChains, randomnessOf } from '../../src/draw/bls.ts'
import { canonicalJson, sha256Hex } from '../../src/declarations/act.ts'
import { verifySignatures } from '../../src/proof/verify/rounds.ts'

const quicknet = '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971'
const first = '8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce'

/** Genuine rounds of the league of entropy: of quicknet the 1,000th, of the first chain the 72,785th. */
const rounds = {
  [quicknet]: {
    round: 1_000,
    randomness: 'fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd',
    signature: 'b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39',
  },
  [first]: {
    round: 72_785,
    randomness: '8b676484b5fb1f37f9ec5c413d7d29883504e5b669f604a1ce68b3388e9ae3d9',
    signature:
      '82f5d3d2de4db19d40a6980e8aa37842a0e55d1df06bd68bddc8d60002e8e959eb9cfa368b3c1b77d18f02a54fe047b80f0989315f83b12a74fd8679c4f12aae86eaf6ab5690b34f1fddd50ee3cc6f6cdf59e95526d5a5d82aaa84fa6f181e42',
    previous:
      'a609e19a03c2fcc559e8dae14900aaefe517cb55c840f6e69bc8e4f66c8d18e8a609685d9917efbfb0c37f058c2de88f13d297c7e19e0ab24813079efe57a182554ff054c7638153f9b26a60e7111f71a0ff63d9571704905d3ca6df0b031747',
  },
}
const chainOf = (hash: string): ChainInfo => {
  const chain = knownChains[hash]
  if (!chain) throw new Error(`${hash} is not known`)
  return chain
}
const flipped = (hex: string): string => hex.replace(/.$/, (last) => (last === '0' ? '1' : '0'))

t.test('genuine rounds are signed, and nothing else is', (t) => {
  for (const [hash, told] of Object.entries(rounds)) {
    const chain = chainOf(hash)
    t.equal(chainHash(chain), hash, 'the address pins the key')
    t.equal(randomnessOf(told.signature), told.randomness)
    t.ok(isSigned(chain, told))
    t.notOk(isSigned(chain, { ...told, round: told.round + 1 }))
    t.notOk(isSigned(chain, { ...told, signature: flipped(told.signature) }))
    t.notOk(isSigned(chain, { ...told, signature: '' }))
    t.notOk(isSigned({ ...chain, scheme: 'bls-unchained-on-g1' }, told))
    t.notOk(isSigned({ ...chain, scheme: 'of nobody' }, told))
  }
  const { round, signature } = rounds[first]
  t.notOk(isSigned(chainOf(first), { round, signature }), 'a chained round without the one before')
  t.not(chainHash({ ...chainOf(quicknet), period: 4 }), quicknet)
  t.equal(hashOf(`https://api.drand.sh/${first}`), first)
  t.equal(hashOf('https://beacon.example/chain'), undefined)
  t.end()
})

/** A chain's interface with a genuine round, with what somebody in between changes. */
function beaconOf(changes: { info?: Record<string, unknown>; round?: Record<string, unknown> } = {}) {
  const { genesis, period, publicKey, groupHash, scheme, beaconId } = chainOf(quicknet)
  const info = { public_key: publicKey, period, genesis_time: genesis, hash: quicknet, groupHash, schemeID: scheme }
  // Lodged within the period before round 1,000.
  const lodged = new Date((genesis + 998 * period + 1) * 1000)
  let asked = 0
  let time = lodged.getTime() + 3_000
  const beacon = drandBeacon({
    url: `https://beacon.example/${quicknet}`,
    timeoutMs: 4_000,
    now: () => new Date(time),
    sleep: (ms) => Promise.resolve(void (time += ms)),
    fetch: (url) => {
      const isInfo = String(url instanceof Request ? url.url : url).endsWith('/info')
      asked++
      return Promise.resolve(
        Response.json(
          isInfo
            ? { ...info, metadata: { beaconID: beaconId }, ...changes.info }
            : { ...rounds[quicknet], ...changes.round },
        ),
      )
    },
  })
  return { beacon, lodged, asked: () => asked }
}

t.test('the adapter takes what the chain signed, and goes without the rest', async (t) => {
  const { beacon, lodged, asked } = beaconOf()
  const { round, randomness, signature } = rounds[quicknet]
  const source = `https://beacon.example/${quicknet}`
  t.same(await beacon.after(lodged), { source, round, randomness, signature })
  await beacon.after(lodged)
  t.equal(asked(), 2, 'one round of one moment, asked once')
  for (const [what, changes] of [
    ['another randomness', { round: { randomness: flipped(randomness) } }],
    ['another signature', { round: { signature: flipped(signature) } }],
    ['no signature', { round: { signature: undefined } }],
    ['another key', { info: { public_key: flipped(chainOf(quicknet).publicKey) } }],
    ['no key', { info: { public_key: undefined } }],
  ] as const) {
    const other = beaconOf(changes)
    t.match(await other.beacon.after(other.lodged), { offline: String }, what)
  }
})

t.test('a saved day says by itself that its rounds are genuine', (t) => {
  const { genesis, period } = chainOf(quicknet)
  const lodgedAt = new Date((genesis + 998 * period + 1) * 1000).toISOString()
  const pin = { entry: '', proof: '' }
  const day = (beacon: Record<string, unknown>, at = lodgedAt) =>
    canonicalJson({
      shift: '2026-11-22',
      from: lodgedAt,
      until: lodgedAt,
      commitment: sha256Hex(''),
      committed: pin,
      shares: [],
      lists: [{ ...pin, drawn: [{ position: 1, at, lodgedAt: at, digest: '', draws: [], beacon }] }],
    })
  const genuine = { source: `https://api.drand.sh/${quicknet}`, ...rounds[quicknet] }
  t.same(verifySignatures(day(genuine)), { signed: 1, rounds: 1 })
  t.same(verifySignatures(day({ ...genuine, source: 'https://beacon.example/chain' })), { signed: 0, rounds: 1 })
  t.throws(() => verifySignatures(day({ ...genuine, randomness: flipped(genuine.randomness) })), /not signed/)
  const later = new Date(Date.parse(lodgedAt) + 9_000).toISOString()
  t.throws(() => verifySignatures(day(genuine, later)), /not the first after/)
  t.end()
})
