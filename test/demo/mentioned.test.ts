import t from 'tap'
import { eventsOf } from '../../src/demo/epcis-file.ts'
import { mentionedIn } from '../../src/demo/mentioned.ts'

const at = { eventTime: '2024-05-02T07:00:00.000Z', eventTimeZoneOffset: '+06:00' }
const sscc = (no: number) => `urn:epc:id:sscc:4700125.000000000${no}`
const [one, two, three, four] = ['047001250000000010', '047001250000000027', '047001250000000034', '047001250000000041']
const unit = 'https://id.gs1.org/01/04700125123450/21/A1'

const observe = (...epcList: string[]) => ({ type: 'ObjectEvent', action: 'OBSERVE', ...at, epcList })
const add = (parentID: string, ...childEPCs: string[]) => ({
  type: 'AggregationEvent',
  action: 'ADD',
  ...at,
  parentID,
  childEPCs,
})

t.test('logistic units that move before anything was packed in them', async (t) => {
  const cases: [string, object[], string[]][] = [
    ['moved only', [observe(sscc(1))], [one]],
    ['packed, then moved', [add(sscc(1), unit), observe(sscc(1))], []],
    ['moved, then packed', [observe(sscc(1)), add(sscc(1), unit)], [one]],
    ['packed empty into another', [add(sscc(2), sscc(1))], [one]],
    ['a full one into another', [add(sscc(1), unit), add(sscc(2), sscc(1)), observe(sscc(2))], []],
    ['commissioned in the file', [{ ...observe(sscc(1)), action: 'ADD' }, observe(sscc(1))], []],
    ['unpacked first', [{ ...add(sscc(3), unit), action: 'DELETE' }], [three]],
    ['associated', [{ ...add(sscc(4), unit), type: 'AssociationEvent' }], [four]],
    ['several, each once', [observe(sscc(1), sscc(2)), observe(sscc(2))], [one, two]],
  ]
  for (const [what, events, expected] of cases) t.same([...mentionedIn(events, new Date()).unpacked], expected, what)
})

t.test('firms, places and products, in either form', async (t) => {
  const events = [
    {
      ...observe('urn:epc:id:sgtin:4700125.012345.A2', unit),
      readPoint: { id: 'urn:epc:id:sgln:4700125.00003.dock1' },
      bizLocation: { id: 'https://id.gs1.org/414/4700125000041' },
      sourceList: [{ type: 'owning_party', source: 'urn:epc:id:pgln:4700125.00001' }],
      destinationList: [
        { type: 'possessing_party', destination: 'https://id.gs1.org/417/4700125000027' },
        { type: 'location', destination: 'urn:epc:id:sgln:4700125.00005.0' },
      ],
    },
    {
      ...observe(),
      epcList: undefined,
      quantityList: [{ epcClass: 'urn:epc:class:lgtin:4700125.054321.L1', quantity: 3 }],
    },
    { ...observe('urn:epc:id:giai:4700125.X'), eventTime: '2024-05-01T00:00:00.000Z' },
    { type: 'Nonsense' },
  ]
  const { parties, places, serials, from, unreadable } = mentionedIn(events, new Date())
  t.same([...parties].sort(), ['4700125000010', '4700125000027'])
  t.same([...places].sort(), ['4700125000034', '4700125000041', '4700125000058'])
  t.same(
    [...serials].map(([gtin, of]) => [gtin, [...of].sort()]),
    [
      ['04700125123450', ['A1', 'A2']],
      ['04700125543210', []],
    ],
  )
  t.equal(from?.toISOString(), '2024-05-01T00:00:00.000Z')
  t.equal(unreadable, 1)
})

t.test('the context of a document stays with its events', async (t) => {
  const document = {
    '@context': ['https://ref.gs1.org/standards/epcis/epcis-context.jsonld', { ex: 'https://example.com/' }],
    epcisBody: {
      eventList: [
        { ...observe(unit), 'ex:a': 1 },
        { '@context': { own: 'https://example.org/' }, ...observe(unit) },
      ],
    },
  }
  const [first, second] = eventsOf(document) ?? []
  t.same(first?.['@context'], document['@context'])
  t.same(second?.['@context'], [...document['@context'], { own: 'https://example.org/' }])
  t.equal(mentionedIn([first, second], new Date()).unreadable, 0)
  t.equal(eventsOf({ type: 'Receipt' }), undefined)
  t.equal(eventsOf('text'), undefined)
})
