// Two clocks (design D11): what a device says about time is corrected by what its clock says now.
import t from 'tap'
import { readTime } from '../../src/capture/device-clock.ts'
import { limits } from '../../src/config/limits.ts'
import { testApp, type TestApp, testClock } from '../support/app.ts'
import { stage } from '../support/story.ts'

const now = new Date('2026-05-01T12:00:00.000Z')
const clock = { now, clockAheadMaxMs: limits.clockAheadMaxMs }

// time | sentAt | recorded, or the problem | minutes by which the clock is told to be off
const table = `
  11:00:00 | -        | 11:00:00       | -
  -        | -        | 12:00:00       | -
  -        | 12:30:00 | 12:00:00       | -
  12:09:59 | -        | 12:09:59       | -
  12:10:01 | -        | time_in_future | -
  11:00:00 | 12:00:00 | 11:00:00       | -
  11:00:00 | 11:59:59 | 11:00:00       | -
  11:00:00 | 12:05:00 | 10:55:00       | -
  11:00:00 | 11:55:00 | 11:05:00       | -
  12:05:00 | 12:09:00 | 11:56:00       | -
  13:00:00 | 13:30:00 | 11:30:00       | 90
  09:00:00 | 10:00:00 | 09:00:00       | -120
  12:30:00 | 10:00:00 | time_in_future | -
  12:00:00 | 11:49:00 | 12:00:00       | -11
  12:00:00 | 11:50:00 | 12:10:00       | -
`

t.test('what a clock is worth', async (t) => {
  const day = (text: string) => (text === '-' ? undefined : `2026-05-01T${text}Z`)
  for (const line of table.trim().split('\n')) {
    const [time = '', sentAt = '', wanted, off] = line.split('|').map((cell) => cell.trim())
    let found: string
    try {
      const reading = readTime(day(time), day(sentAt), clock, (field) => `/${field}`)
      const minutes = reading.offMs === undefined ? '-' : String(-reading.offMs / 60_000)
      found = `${reading.time.at.toISOString().slice(11, 19)} ${minutes}`
      t.equal(reading.deviceTime !== undefined, time !== '-' && found.slice(0, 8) !== time, `${line}: both are kept`)
    } catch (error) {
      found = `${(error as { code?: string }).code} -`
    }
    t.equal(found, `${wanted} ${off}`, line)
  }
})

type Recorded = { eventID: string; entries: { position: number }[] }
type Event = { eventTime: string; 'tamga:deviceTime'?: string; '@context': unknown }

async function scene(t: Parameters<typeof testApp>[0]) {
  const ours = testClock()
  const app = await testApp(t, { now: ours.now })
  const { actors, code, play } = await stage(app)
  const shop = actors.get('shop')
  const maker = actors.get('maker')
  if (!shop || !maker) throw new Error('the stage is empty')
  /** A time by a device whose clock is `wrong` minutes ahead, `ago` minutes ago. */
  const at = (ago: number, wrong: number) => new Date(ours.now().getTime() + (wrong - ago) * 60_000).toISOString()
  return { app, shop, maker, code, play, at, ours }
}

const recordedEvent = async (app: TestApp, position: number): Promise<Event> => {
  const { rows } = await app.app.pg.query<{ bytes: Buffer }>(
    'select bytes from entry where log_id = 1 and position = $1',
    [position],
  )
  return (JSON.parse(rows[0]?.bytes.toString('utf8') ?? '{}') as { event: Event }).event
}

t.test('a scan by a wrong clock: corrected, its own word beside it, sent again it is the same', async (t) => {
  const { app, maker, code, at, ours } = await scene(t)
  const scan = { step: 'commissioning', codes: [code('U1')], time: at(60, 7), offline: true }
  const first = await maker.expect<Recorded>(201, 'POST', '/scans', { ...scan, sentAt: at(0, 7) })
  const event = await recordedEvent(app, first.entries[0]?.position ?? -1)
  t.equal(new Date(event.eventTime).toISOString(), at(60, 0))
  t.equal(event['tamga:deviceTime'], scan.time)
  t.match(JSON.stringify(event['@context']), /urn:tamga:vocabulary:/)
  ours.forward(90_000)
  // Without an id its content identifies it: the time that the device gave, not what we made of it.
  const again = await maker.expect<Recorded>(200, 'POST', '/scans', { ...scan, sentAt: at(0, 7) })
  t.same(again.entries, first.entries)
  const { eventID } = again
  const answer = await maker.call('GET', `/events/${encodeURIComponent(eventID)}`)
  t.equal(answer.statusCode, 200, 'it is found under its id')
})

t.test('a clock that is far off is told about, once an hour and key', async (t) => {
  const { app, maker, code, at } = await scene(t)
  const scan = (name: string) => ({ step: 'commissioning', codes: [code(name)], time: at(5, 300), sentAt: at(0, 300) })
  await maker.expect(201, 'POST', '/scans', scan('U1'))
  await maker.expect(201, 'POST', '/scans', scan('U2'))
  const found = await maker.expect<{ code: string; kind: string; text: string }[]>(200, 'GET', '/findings')
  t.equal(found.length, 1)
  t.match(found[0], { code: 'clock_off', kind: 'doubted', text: /300 minutes ahead/ })
  const late = { step: 'commissioning', codes: [code('U3')], time: at(5, 300) }
  t.match((await maker.call('POST', '/scans', late)).json(), { status: 400, code: 'time_in_future' })
  const event = await recordedEvent(app, 0)
  t.equal(new Date(event.eventTime).toISOString(), at(5, 0))
})

t.test('a receipt by a wrong clock keeps its number and its day', async (t) => {
  const { app, shop, play, code, at, ours } = await scene(t)
  await play(`
    maker commission U1 : time=-50m = ok
    maker ship U1 to shop : time=-40m = ok
    shop receive U1 : time=-30m = ok
  `)
  const receipt = { till: '1', number: '7', time: at(10, -8), offline: true, lines: [{ code: code('U1') }] }
  const first = await shop.expect<Recorded>(201, 'POST', '/receipts', { ...receipt, sentAt: at(0, -8) })
  const event = await recordedEvent(app, first.entries[0]?.position ?? -1)
  t.equal(new Date(event.eventTime).toISOString(), at(10, 0))
  ours.forward(60_000)
  await shop.expect(200, 'POST', '/receipts', { ...receipt, sentAt: at(0, -8) })
})
