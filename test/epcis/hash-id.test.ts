import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { parseDocument } from '../../src/epcis/document.ts'
import { newFaults } from '../../src/epcis/door.ts'
import type { EpcisEvent } from '../../src/epcis/event.ts'
import { eventHashId, preHash } from '../../src/epcis/hash-id.ts'
import { readEvent } from '../../src/epcis/parse.ts'
import { bases } from './events.ts'
import { corporaFolder } from '../support/repository.ts'

/** The form alone: what is hashed in the vectors need not keep the rules for what may be recorded. */
function event(json: unknown, remote = ''): EpcisEvent {
  const faults = newFaults()
  const context = { prefixes: new Map<string, string>(), remote: remote === '' ? [] : [remote] }
  const read = readEvent(faults, json, '', context)
  if (!read) throw new Error(JSON.stringify(faults.items))
  return read
}

t.test('The text that is hashed', async (t) => {
  const frame = { eventTime: '2026-04-30T18:00:00.1415+06:00', eventTimeZoneOffset: '+06:00' }
  const when = (type: string) => `eventType=${type}eventTime=2026-04-30T12:00:00.142ZeventTimeZoneOffset=+06:00`
  const cases: [string, unknown, string][] = [
    [
      'codes in every spelling, sorted; words of CBV written out',
      {
        type: 'AggregationEvent',
        ...frame,
        parentID: 'urn:epc:id:sscc:4047023.0111111122',
        childEPCs: ['urn:epc:id:sgtin:4047023.077551.98', 'https://id.gs1.org/01/04047023775511/21/107'],
        action: 'ADD',
        bizStep: 'packing',
        disposition: 'urn:epcglobal:cbv:disp:in_progress',
        readPoint: { id: 'urn:epc:id:sgln:4047023.00012.0' },
      },
      `${when('AggregationEvent')}parentID=https://id.gs1.org/00/040470231111111229childEPCs` +
        'epc=https://id.gs1.org/01/04047023775511/21/107epc=https://id.gs1.org/01/04047023775511/21/98action=ADD' +
        'bizStep=https://ref.gs1.org/cbv/BizStep-packingdisposition=https://ref.gs1.org/cbv/Disp-in_progress' +
        'readPointid=https://id.gs1.org/414/4047023000125',
    ],
    [
      'own fields by namespace, sorted, numbers plain, those inside standard fields behind ilmd',
      {
        '@context': { ext: 'https://example.com/' },
        type: 'ObjectEvent',
        ...frame,
        action: 'ADD',
        quantityList: [{ epcClass: 'urn:epc:class:lgtin:4012345.012345.99', quantity: 25.0, uom: 'KGM' }],
        readPoint: { id: 'urn:tamga:place:a', 'ext:gate': '04' },
        destinationList: [{ destination: 'urn:epc:id:pgln:4012345.00225', type: 'owning_party' }],
        ilmd: { 'ext:b': ['2', 10, true], 'ext:a': { 'ext:c': 'urn:epc:id:giai:4012345.ABC' }, 'rdfs:comment': 'no' },
        'ext:z': ' text ',
      },
      `${when('ObjectEvent')}quantityListquantityElementepcClass=https://id.gs1.org/01/04012345123456/10/99` +
        'quantity=25uom=KGMaction=ADDreadPointid=urn:tamga:place:adestinationListtype=https://ref.gs1.org/cbv/' +
        'SDT-owning_partydestination=https://id.gs1.org/417/4012345002256ilmd{https://example.com/}a' +
        '{https://example.com/}c=https://id.gs1.org/8004/4012345ABC{https://example.com/}b=10' +
        '{https://example.com/}b=2{https://example.com/}b=truereadPoint{https://example.com/}gate=4' +
        '{https://example.com/}z=text',
    ],
    [
      'sensor data in the order of the standard',
      {
        type: 'ObjectEvent',
        ...frame,
        action: 'OBSERVE',
        readPoint: { id: 'urn:tamga:place:a' },
        sensorElementList: [
          {
            sensorReport: [
              { uom: 'CEL', value: 4.5, type: 'Temperature' },
              { type: 'gs1:RelativeHumidity', value: 40 },
            ],
            sensorMetadata: { deviceID: 'urn:epc:id:giai:4000001.111', time: '2026-04-30T12:00:00Z' },
          },
        ],
      },
      `${when('ObjectEvent')}action=OBSERVEreadPointid=urn:tamga:place:asensorElementsensorMetadata` +
        'time=2026-04-30T12:00:00.000ZdeviceID=https://id.gs1.org/8004/4000001111' +
        'sensorReporttype=https://ref.gs1.org/voc/RelativeHumidityvalue=40' +
        'sensorReporttype=https://ref.gs1.org/voc/Temperaturevalue=4.5uom=CEL',
    ],
  ]
  for (const [name, json, expected] of cases) t.equal(preHash(event(json)), expected, name)
})

t.test('Three digests of the reference implementation', async (t) => {
  const cases: [unknown, string][] = [
    [
      {
        type: 'ObjectEvent',
        eventTime: '2019-10-21T14:45:00Z',
        eventTimeZoneOffset: '+01:00',
        epcList: ['https://id.gs1.org/00/040123451111111127'],
        action: 'OBSERVE',
        bizStep: 'inspecting',
        disposition: 'in_progress',
        readPoint: { id: 'https://id.gs1.org/414/4012345000245/254/1' },
      },
      'b3d481c5590757ab8361a6cb0e924820feb3b61eb568e7d7703f21a96f76f51d',
    ],
    [
      {
        type: 'ObjectEvent',
        eventTime: '2019-10-21T15:45:00.000+01:00',
        eventTimeZoneOffset: '+01:00',
        epcList: ['urn:epc:id:sscc:4012345.0111111111'],
        action: 'OBSERVE',
        bizStep: 'inspecting',
        disposition: 'in_progress',
        readPoint: { id: 'urn:epc:id:sgln:4012345.00024.0' },
      },
      'c50842eb714406394a77fb7b517fea621c78a61f65549874de7c9e019afe7b6f',
    ],
    [
      {
        type: 'AggregationEvent',
        eventTime: '2019-10-21T11:58:56.591+02:00',
        eventTimeZoneOffset: '+02:00',
        parentID: 'urn:epc:id:sscc:4012344.0111111144',
        action: 'DELETE',
        bizStep: 'unpacking',
        readPoint: { id: 'urn:epc:id:sgln:4012345.00025.0' },
        bizTransactionList: [{ type: 'inv', bizTransaction: 'urn:epcglobal:cbv:bt:4012345123456:RE1099' }],
      },
      'c4bdb87c8d59d6ab569d0cfc6583e9dd4c314cdf71799b0ef8d4febe5239d9c5',
    ],
  ]
  for (const [json, digest] of cases) t.equal(eventHashId(event(json)), `ni:///sha-256;${digest}?ver=CBV2.0`)
})

t.test('What is not content does not change the id', async (t) => {
  const id = eventHashId(event(bases.object))
  const variants = [
    { ...bases.object, eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8' },
    { ...bases.object, recordTime: '2026-05-01T00:00:00Z' },
    { ...bases.object, eventTime: '2026-04-30T12:00:00Z' },
    { ...bases.object, epcList: bases.object.epcList.toReversed() },
    { ...bases.object, certificationInfo: 'https://example.com/c' },
    { ...bases.object, errorDeclaration: { declarationTime: '2026-05-01T00:00:00Z' } },
  ]
  for (const variant of variants) t.equal(eventHashId(event(variant)), id)
  t.not(eventHashId(event({ ...bases.object, eventTimeZoneOffset: '+05:00' })), id)
  t.not(eventHashId(event({ ...bases.object, epcList: bases.object.epcList.slice(1) })), id)
})

// Vectors that nobody here wrote; see SOURCE beside them.
const corpus = join(corporaFolder, 'epcis-event-hash/2026-09')
const unreproduced = new Set(['epclist_normalisation'])

t.test('The digests of 2026', { skip: !existsSync(corpus) && `${corpus} is not here` }, async (t) => {
  const files = readdirSync(corpus, { recursive: true, encoding: 'utf8' })
  const hashes = files.filter((file) => file.endsWith('.hashes') && !file.includes('CBV2.1'))
  let compared = 0
  for (const file of hashes) {
    const name = basename(file).replace(/\.hashes$/, '')
    const document = files.find((other) => /\.json(ld)?$/.test(other) && basename(other).replace(/\.\w+$/, '') === name)
    if (document === undefined || unreproduced.has(name)) continue
    const parsed = parseDocument(JSON.parse(readFileSync(join(corpus, document), 'utf8')))
    const digests = readFileSync(join(corpus, file), 'utf8').trim().split(/\s+/)
    parsed.document?.events.forEach(({ json }, i) => {
      if (!digests[i]?.endsWith('?ver=CBV2.0')) return
      compared++
      const faults = newFaults()
      const context = { prefixes: parsed.document?.context.prefixes ?? new Map(), remote: ['https://example.com/'] }
      const read = readEvent(faults, json, '', context)
      t.equal(read ? eventHashId(read) : JSON.stringify(faults.items), digests[i], `${name} ${i}`)
    })
  }
  t.ok(compared > 0, `${compared} digests compared`)
})
