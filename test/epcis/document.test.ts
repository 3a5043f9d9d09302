import t from 'tap'
import { parseDocument, parseEvents } from '../../src/epcis/document.ts'
import { bases, options } from './events.ts'
import type { Json } from './events.ts'

const context = ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { ext: 'https://example.com/' }]
const frame = {
  '@context': context,
  type: 'EPCISDocument',
  schemaVersion: '2.0',
  creationDate: '2026-05-01T00:00:00Z',
}
const good: Json = { ...frame, epcisBody: { eventList: [bases.object, { ...bases.sensor, 'ext:a': 1 }] } }

const verdict = (json: unknown): string => {
  const { problems } = parseDocument(json)
  return problems === undefined ? 'ok' : problems.map(({ code, path }) => `${code} ${path}`).join(', ')
}

t.test('Documents of both kinds give their events with their places', async (t) => {
  const { document } = parseDocument(good)
  if (!document) throw new Error('parsed')
  t.strictSame(
    document.events.map(({ path }) => path),
    ['/epcisBody/eventList/0', '/epcisBody/eventList/1'],
  )
  const events = parseEvents(document, options)
  t.ok(events[1]?.event, 'the prefix of the document holds in its events')

  const results = { queryName: 'q', resultsBody: { eventList: [bases.object] } }
  const query = { '@context': context, type: 'EPCISQueryDocument', epcisBody: { queryResults: results } }
  t.equal(parseDocument(query).document?.events[0]?.path, '/epcisBody/queryResults/resultsBody/eventList/0')

  const single = { ...frame, epcisBody: { event: bases.object } }
  t.equal(parseDocument(single).document?.events[0]?.path, '/epcisBody/event')
})

t.test('What is wrong inside is named from the root of the document', async (t) => {
  const list = [bases.object, bases.object, bases.object, { ...bases.object, epcList: ['nonsense'] }]
  const { document } = parseDocument({ ...frame, epcisBody: { eventList: list } })
  if (!document) throw new Error('parsed')
  const events = parseEvents(document, options)
  t.equal(events.filter((event) => event.event).length, 3)
  t.equal(events[3]?.problems?.[0]?.path, '/epcisBody/eventList/3/epcList/0')
})

t.test('A frame that is wrong is refused with its place', async (t) => {
  const cases: [unknown, string][] = [
    [good, 'ok'],
    [{ ...good, schemaVersion: '2.0.1' }, 'ok'],
    [{ ...good, epcisHeader: { epcisMasterData: {} }, sender: 'x' }, 'ok'],
    [{ ...good, schemaVersion: '99.0' }, 'event_rule /schemaVersion'],
    [{ ...good, schemaVersion: '1.2' }, 'event_rule /schemaVersion'],
    [{ ...good, schemaVersion: 2 }, 'field_invalid /schemaVersion'],
    [{ ...good, schemaVersion: undefined }, 'field_invalid /schemaVersion'],
    [{ ...good, creationDate: 'yesterday' }, 'field_invalid /creationDate'],
    [{ ...good, '@context': undefined }, 'field_invalid /@context'],
    [{ ...good, type: 'ObjectEvent' }, 'field_invalid /type'],
    [{ ...good, colour: 1 }, 'field_invalid /colour'],
    [{ ...good, epcisBody: undefined }, 'field_invalid /epcisBody'],
    [{ ...good, epcisBody: {} }, 'field_invalid /epcisBody/eventList'],
    [{ ...good, epcisBody: { eventList: [] } }, 'event_rule /epcisBody/eventList'],
    [{ ...good, epcisBody: { eventList: {} } }, 'field_invalid /epcisBody/eventList'],
    [[], 'field_invalid '],
    [null, 'field_invalid '],
  ]
  for (const [json, expected] of cases) t.equal(verdict(json), expected)
})
