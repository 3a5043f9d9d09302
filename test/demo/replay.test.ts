import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type ChainOptions, contradictoryChain } from './contradictory-chain.ts'
import { listening } from './world.ts'
import { corporaFolder } from '../support/repository.ts'

async function file(t: Test, json: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tamga-replay-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'events.json')
  await writeFile(path, JSON.stringify(json))
  return path
}

/** The number behind a row of the table of verdicts or findings; 0 where there is no such row. */
const row = (out: string, name: string): number =>
  Number((new RegExp(`^ {2}${name} {2,}([\\d,]+)$`, 'm').exec(out)?.[1] ?? '0').replaceAll(',', ''))

for (const [form, options] of [
  ['urn', {}],
  ['link', { commissioning: 2, packing: 20, loading: 30, shipping: 60 }],
] as [ChainOptions['form'], Partial<ChainOptions>][]) {
  t.test(`a chain full of contradictions goes through whole (${form})`, async (t) => {
    const { play, operator } = await listening(t)
    const chain = contradictoryChain({ form, ...options })
    const total = chain.epcisBody.eventList.length
    if (form === 'urn') t.equal(total, 932)
    const path = await file(t, chain)

    const { status, out, err } = await play('--epcis', path)
    t.equal(err, '')
    t.equal(status, 0)
    t.notMatch(out, /refused/, 'no event is refused')
    const [plain, doubted] = [row(out, 'recorded'), row(out, 'recorded, with a finding')]
    t.equal(plain + doubted, total)
    t.ok(plain >= (options.commissioning ?? 4), 'what does not contradict anything has no finding')
    t.ok(doubted > total / 2, 'what does has one')
    t.equal(row(out, 'code_unknown'), 0, 'serials were brought along')
    for (const code of ['packed_elsewhere', 'wrong_state']) t.ok(row(out, code) > 0, code)
    t.match(out, /: [\d,]+ a second/)

    if (form === 'urn') return // Once more costs as much as the first time.
    const again = await play('--epcis', path)
    t.equal(again.status, 0)
    // Each run posts as a participant of its own, and an event id belongs to whoever used it first.
    t.equal(row(again.out, 'refused: event_id_taken'), total, 'the same events again change nothing')
    t.match(again.out, /2 GTINs belong to another participant/)
    t.equal(
      (await operator.expect<unknown[]>(200, 'GET', '/participants?role=producer')).length,
      2,
      'a poster for each run',
    )
  })
}

// What other people's software made; it is never copied here.
const corpus = join(corporaFolder, 'openepcis-testdata')
const there = await access(corpus).then(
  () => true,
  () => false,
)
t.test('a chain that another generator made', there ? {} : { skip: `there is no ${corpus}` }, async (t) => {
  const { play } = await listening(t)
  const files = (await readdir(corpus, { recursive: true })).filter((name) => /\.(json|jsonld)$/.test(name)).sort()
  t.ok(files.length > 0)
  for (const name of files) {
    const { status, out, err } = await play('--epcis', join(corpus, name))
    t.equal(status, 0, `${name} ${err}`)
    t.notMatch(out, /refused/, name)
  }
})

const context = ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { ex: 'https://example.com/ns/' }]
const pallet = 'urn:epc:id:sscc:4700125.0000000001'
const base = { eventTimeZoneOffset: '+06:00', 'ex:remark': 'of a vocabulary of their own' }
const shipping = {
  type: 'ObjectEvent',
  action: 'OBSERVE',
  bizStep: 'shipping',
  eventTime: '2024-05-02T08:00:00.000+06:00',
  ...base,
  epcList: [pallet],
  destinationList: [{ type: 'owning_party', destination: 'urn:epc:id:pgln:4700125.00002' }],
}
const packing = {
  type: 'AggregationEvent',
  action: 'ADD',
  bizStep: 'packing',
  eventTime: '2024-05-02T07:00:00.000+06:00',
  ...base,
  parentID: 'urn:epc:id:sscc:4700125.0000000002',
  childEPCs: ['urn:epc:id:grai:4700125.00001.1'],
  childQuantityList: [{ epcClass: 'urn:epc:class:lgtin:4700125.012345.L1', quantity: 12.5, uom: 'KGM' }],
}

t.test('documents, answers to queries, lists, one bare event', async (t) => {
  const { play, operator } = await listening(t)
  // Each run posts as a participant of its own, so each shape has events and pallets of its own.
  const eventsOf = (n: number) => [
    { ...shipping, epcList: [`urn:epc:id:sscc:4700125.000000${n}001`] },
    { ...packing, parentID: `urn:epc:id:sscc:4700125.000000${n}002` },
  ]
  const shapes: [string, unknown, number][] = [
    ['a bare event', { '@context': context, ...packing, eventTime: '2024-05-02T06:00:00.000+06:00' }, 1],
    [
      'a document',
      { '@context': context, type: 'EPCISDocument', schemaVersion: '2.0', epcisBody: { eventList: eventsOf(0) } },
      2,
    ],
    [
      'an answer to a query',
      {
        '@context': context,
        type: 'EPCISQueryDocument',
        epcisBody: { queryResults: { queryName: 'SimpleEventQuery', resultsBody: { eventList: eventsOf(2) } } },
      },
      2,
    ],
    ['a list', eventsOf(3).map((event) => ({ '@context': context, ...event })), 2],
  ]
  for (const [what, json, events] of shapes) {
    const { status, out, err } = await play('--epcis', await file(t, json))
    t.equal(status, 0, `${what} ${err}`)
    t.notMatch(out, /refused/, what)
    t.equal(row(out, 'recorded') + row(out, 'recorded, with a finding'), events, what)
    if (events === 2) t.match(out, /Commissions 1 logistic unit/, 'a pallet that moves before anything is in it')
  }
  const link = encodeURIComponent('https://id.gs1.org/00/047001250000000010')
  t.match(await operator.expect(200, 'GET', `/logistic-units/${link}`), { state: 'in_transit' })
})

t.test('what the standard does not allow is counted, in words, and the rest goes on', async (t) => {
  const { play } = await listening(t)
  const wrong = [
    { ...shipping, action: 'LOOK' },
    { ...shipping, eventTimeZoneOffset: 'here' },
    { ...packing, bizStep: 'jumping' },
  ]
  const { status, out } = await play(
    '--epcis',
    await file(t, { '@context': context, epcisBody: { eventList: [...wrong, packing] } }),
  )
  t.equal(status, 0)
  t.equal(row(out, 'recorded'), 1)
  t.equal(row(out, 'refused: field_invalid') + row(out, 'refused: event_rule'), 3, out)
  t.match(out, /3 of them break a rule of the standard/)
  t.match(out, /The first field_invalid:\n +400 field_invalid/)
})
