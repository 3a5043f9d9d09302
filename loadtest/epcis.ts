// Prints how fast events are read, written and hashed; nothing here is asserted.
// node --import tsx loadtest/epcis.ts

import { performance } from 'node:perf_hooks'
import { canonicalEvent, contentDigest } from '../src/epcis/canonical.ts'
import { eventHashId } from '../src/epcis/hash-id.ts'
import { parseEvent } from '../src/epcis/parse.ts'

const options = { now: new Date('2026-05-01T12:00:00Z'), clockAheadMaxMs: 600_000 }

const body = (codes: number) => ({
  type: 'ObjectEvent',
  eventTime: '2026-04-30T18:00:00.000+06:00',
  eventTimeZoneOffset: '+06:00',
  action: 'OBSERVE',
  bizStep: 'shipping',
  epcList: Array.from(
    { length: codes },
    (_, i) => `https://id.gs1.org/01/04701234567890/21/4${(i * 7919).toString(36)}`,
  ),
  readPoint: { id: 'urn:tamga:place:depot' },
  destinationList: [{ type: 'owning_party', destination: 'urn:tamga:participant:shop' }],
})

function parsed(json: unknown) {
  const { event, problems } = parseEvent(json, options)
  if (!event) throw new Error(JSON.stringify(problems))
  return event
}

function time(name: string, rounds: number, run: () => unknown): void {
  for (let i = 0; i < rounds; i++) run()
  const start = performance.now()
  for (let i = 0; i < rounds; i++) run()
  const each = (performance.now() - start) / rounds
  process.stdout.write(`${name.padEnd(24)} ${each.toFixed(4)} ms  ${Math.round(1000 / each)}/s\n`)
}

for (const [codes, rounds] of [
  [1, 20_000],
  [10_000, 20],
] as const) {
  const json = body(codes)
  const event = parsed(json)
  time(`parse, ${codes} codes`, rounds, () => parseEvent(json, options))
  time(`canonical, ${codes} codes`, rounds, () => canonicalEvent(event))
  time(`digest, ${codes} codes`, rounds, () => contentDigest(event))
  time(`hash id, ${codes} codes`, rounds, () => eventHashId(event))
}
