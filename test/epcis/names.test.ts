import t from 'tap'
import { readMoment } from '../../src/epcis/moment.ts'
import {
  outsiderUri,
  participantUri,
  placeUri,
  readOutsiderUri,
  readParticipantUri,
  readPlaceUri,
} from '../../src/epcis/parties.ts'
import { parseEvent } from '../../src/epcis/parse.ts'
import { epcOf, aggregationEvent, objectEvent, offset, toJsonLd } from '../../src/epcis/write.ts'
import { momentAt } from '../../src/epcis/moment.ts'
import { readCode } from '../../src/gs1/read.ts'
import { now, options, pallet, unit, withCheckDigit } from './events.ts'

const gln = withCheckDigit('470123400001')

t.test('Participants and places are named by GLN where they have one', async (t) => {
  t.equal(participantUri({ id: 'abc123', gln }), `https://id.gs1.org/417/${gln}`)
  t.equal(placeUri({ id: 'abc123' }), 'urn:tamga:place:abc123')
  t.strictSame(readParticipantUri(participantUri({ id: 'abc123', gln })), { gln })
  t.strictSame(readParticipantUri(participantUri({ id: 'abc123' })), { id: 'abc123' })
  t.strictSame(readPlaceUri(placeUri({ id: 'abc123', gln })), { gln })
  t.strictSame(readPlaceUri(`https://id.gs1.org/414/${gln}/254/gate%204`), { gln, extension: 'gate 4' })
  for (const uri of [
    'urn:example:x',
    'urn:tamga:participant:',
    'urn:tamga:participant:A B',
    `https://id.gs1.org/417/1`,
  ]) {
    t.equal(readParticipantUri(uri), undefined, uri)
  }
})

t.test('Who is not registered is named by country, tax number and name', async (t) => {
  const outsiders = [
    { name: 'ТОО «Алма»: 100% сок', country: 'KZ', taxId: '1234/5' },
    { name: 'Acme', country: 'DE' },
  ]
  for (const outsider of outsiders) t.strictSame(readOutsiderUri(outsiderUri(outsider)), outsider)
  t.equal(readOutsiderUri('urn:tamga:outsider:KZ:%zz:x'), undefined)
  t.equal(readOutsiderUri('urn:tamga:outsider:KZ'), undefined)
})

t.test('A time needs a zone and must exist', async (t) => {
  const good: [string, string][] = [
    ['2026-05-01T00:00:00+06:00', '2026-04-30T18:00:00.000Z'],
    ['2026-05-01T00:00:00.9996Z', '2026-05-01T00:00:01.000Z'],
    ['2026-05-01T00:00:00.1Z', '2026-05-01T00:00:00.100Z'],
    ['2024-02-29T00:00:00-14:00', '2024-02-29T14:00:00.000Z'],
  ]
  for (const [text, expected] of good) t.equal(readMoment(text)?.at.toISOString(), expected, text)
  const bad = `2026-05-01 2026-05-01T00:00:00 2026-02-29T00:00:00Z 2026-05-01T24:00:00Z 2026-05-01T00:60:00Z
    2026-05-01T00:00:60Z 1899-12-31T23:59:59Z 2026-05-01T00:00:00+15:00 2026-05-01T00:00:00+06 +26-05-01T00:00:00Z
    2026-05-01T00:00:00.Z 2026-13-01T00:00:00Z 2026-00-01T00:00:00Z`
  for (const text of bad.split(/\s+/)) t.equal(readMoment(text), undefined, text)
})

t.test('What is built from short forms is an event that would have come in', async (t) => {
  const epc = (text: string, path: string) => {
    const { reading } = readCode(text)
    if (!reading) throw new Error(text)
    return epcOf(text, reading, path)
  }
  const eventTime = momentAt(now)
  const events = [
    objectEvent({ eventTime, action: 'OBSERVE', bizStep: 'shipping', epcList: [epc(unit('A'), '/codes/0')] }),
    aggregationEvent({
      eventTime,
      eventTimeZoneOffset: offset('+06:00'),
      action: 'ADD',
      parentID: epc(pallet(1), '/parent'),
      childEPCs: [epc(unit('A'), '/codes/0')],
    }),
  ]
  for (const event of events) {
    const recordTime = new Date('2026-05-01T12:00:01Z')
    const json = toJsonLd(event, { eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8', recordTime })
    t.match(json, { type: event.type, recordTime: '2026-05-01T12:00:01.000Z', '@context': [String] })
    t.equal(parseEvent(json, options).problems, undefined)
  }
  t.throws(() => offset('+15:00'))
})
