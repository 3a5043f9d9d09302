// Documents of many events, and the jobs that they become.
import { readCode } from '../../src/gs1/read.ts'
import { digitalLink } from '../../src/gs1/write.ts'
import { type Caller, testApp, type TestApp } from '../support/app.ts'
import { checkLedger } from '../support/ledger.ts'
import { stage } from '../support/story.ts'

export type Tap = Parameters<typeof testApp>[0]
export type Item = { path: string; code: string; detail: string }
export type Job = {
  captureID: string
  finishedAt?: string
  running: boolean
  success: boolean
  captureErrorBehaviour: string
  errors: {
    type: string
    title: string
    status: number
    path: string
    code: string
    eventID?: string
    errors?: Item[]
  }[]
  errorCount: number
  progress: { events: number; done: number; recorded: number }
}
export type Event = Record<string, unknown>

export const link = (code: string): string => {
  const { reading } = readCode(code)
  if (reading?.kind !== 'unit' && reading?.kind !== 'logistic') throw new Error(`no code of one thing: ${code}`)
  return digitalLink(reading)
}

export const frame = { eventTime: '2026-04-30T18:00:00.000+06:00', eventTimeZoneOffset: '+06:00' }
export const commission = (codes: readonly string[], more: Event = {}): Event => ({
  type: 'ObjectEvent',
  ...frame,
  action: 'ADD',
  bizStep: 'commissioning',
  epcList: codes.map(link),
  ...more,
})
export const pack = (parent: string, codes: readonly string[], more: Event = {}): Event => ({
  type: 'AggregationEvent',
  ...frame,
  action: 'ADD',
  bizStep: 'packing',
  parentID: link(parent),
  childEPCs: codes.map(link),
  ...more,
})
export const destroy = (codes: readonly string[]): Event => ({
  type: 'ObjectEvent',
  ...frame,
  action: 'DELETE',
  bizStep: 'destroying',
  epcList: codes.map(link),
})

export const documentOf = (eventList: readonly unknown[], more: Event = {}): Event => ({
  '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
  type: 'EPCISDocument',
  schemaVersion: '2.0',
  creationDate: '2026-05-01T09:30:00.000+06:00',
  epcisBody: { eventList },
  ...more,
})

export const proceed = { 'gs1-capture-error-behaviour': 'proceed' }
export const send = (caller: Caller, events: readonly unknown[], headers: Record<string, string> = {}) =>
  caller.call('POST', '/capture', documentOf(events), headers)

/** The job once it is finished, as its sender is told. */
export async function finished(caller: Caller, location: unknown): Promise<Job> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const job = await caller.expect<Job>(200, 'GET', String(location))
    if (!job.running) return job
  }
  throw new Error(`the job ${String(location)} does not end`)
}

export async function capture(
  caller: Caller,
  events: readonly unknown[],
  headers: Record<string, string> = {},
): Promise<Job> {
  const answer = await send(caller, events, headers)
  if (answer.statusCode !== 202) throw new Error(`${answer.statusCode}: ${answer.body}`)
  return finished(caller, answer.headers['location'])
}

/** A maker with codes U1 to U12, none of them marked. */
export async function scene(t: Tap, units = 12) {
  const app = await testApp(t)
  const stood = await stage(app, { units })
  const actor = (name: string) => {
    const found = stood.actors.get(name)
    if (!found) throw new Error(`nobody is called ${name}`)
    return found
  }
  const codes = (...numbers: number[]) => numbers.map((number) => stood.code(`U${number}`))
  return { app, ...stood, actor, maker: actor('maker'), codes }
}

export const stateOf = async (app: TestApp, code: string): Promise<string> => {
  const answer = await app.operator.expect<{ state: string }>(200, 'GET', `/units/${encodeURIComponent(code)}`)
  return answer.state
}

export const sizeOfMain = async (app: TestApp): Promise<number | undefined> =>
  (await checkLedger(app.database.adminUrl)).find(({ log }) => log === 'main')?.size
