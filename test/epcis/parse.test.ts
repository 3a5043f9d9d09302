import t from 'tap'
import { newFaults } from '../../src/epcis/door.ts'
import { eventEpcs } from '../../src/epcis/event.ts'
import { parseEvent, readEvent, refusal } from '../../src/epcis/parse.ts'
import { bases, options, pallet, rows, shop, unit } from './events.ts'

/** `code path` for each thing that is wrong, in order. */
const verdict = (json: unknown): string => {
  const { problems } = parseEvent(json, options)
  return problems === undefined ? 'ok' : problems.map(({ code, path }) => `${code} ${path}`).join(', ')
}

t.test('What the standard allows comes in', async (t) => {
  const table = `
    object         | {}                                                                      | ok
    aggregation    | {}                                                                      | ok
    association    | {}                                                                      | ok
    transaction    | {}                                                                      | ok
    transformation | {}                                                                      | ok
    sensor         | {}                                                                      | ok
    sensor         | {"epcList":[]}                                                          | ok
    object         | {"bizStep":"urn:epcglobal:cbv:bizstep:shipping"}                        | ok
    object         | {"bizStep":"https://example.com/steps/ageing"}                          | ok
    object         | {"recordTime":"not even a time"}                                        | ok
    object         | {"eventTimeZoneOffset":"-03:30"}                                        | ok
    object         | {"eventTime":"2026-05-01T12:10:00Z"}                                    | ok
    object         | {"epcList":null,"quantityList":[{"epcClass":"$LOT","quantity":2.5,"uom":"MTQ"}]} | ok
    object         | {"epcList":null,"quantityList":[{"epcClass":"$LOT"}]}                    | ok
    object         | {"action":"ADD","bizStep":"commissioning","ilmd":{"cbvmda:lotNumber":"7"}} | ok
    object         | {"@context":{"ext":"https://example.com/"},"ext:temper":{"ext:a":[1,"x",null,true]}} | ok
    object         | {"https://example.com/colour":"red"}                                    | ok
    object         | {"@context":["https://example.com/own.jsonld"],"own:colour":"red"}      | ok
    object         | {"eventID":"urn:uuid:374D95FC-9457-4a51-bd6a-0bba133845a8"}             | ok
    object         | {"certificationInfo":["https://example.com/c/1"]}                       | ok
    object         | {"persistentDisposition":{"set":["completeness_verified"]}}             | ok
    aggregation    | {"action":"DELETE","bizStep":"unpacking","childEPCs":null}              | ok
    aggregation    | {"action":"OBSERVE","parentID":null}                                    | ok
    aggregation    | {"childEPCs":[],"childQuantityList":[{"epcClass":"$LOT","quantity":52}]} | ok
    object         | {"quantityList":[],"bizTransactionList":[],"sourceList":[]}             | ok
    transaction    | {"action":"DELETE","epcList":null}                                      | ok
    transformation | {"outputEPCList":null,"transformationID":"urn:example:run:1"}           | ok
    object         | {"errorDeclaration":{"declarationTime":"2026-05-01T00:00:00Z","reason":"did_not_occur"}} | ok
  `
  for (const { name, event, expected } of rows(table)) t.equal(verdict(event), expected, name)
})

t.test('What the schema lets through and the rules forbid is refused with its place', async (t) => {
  const table = `
    aggregation    | {"parentID":null}                                       | event_rule /parentID
    aggregation    | {"action":"DELETE","bizStep":"unpacking","parentID":null} | event_rule /parentID
    aggregation    | {"childEPCs":null}                                      | event_rule /childEPCs
    aggregation    | {"childEPCs":["$A1","$A2","$A1"]}                       | event_rule /childEPCs/2
    aggregation    | {"childEPCs":["$A1","$PALLET"]}                         | event_rule /childEPCs/1
    aggregation    | {"action":"DELETE"}                                     | event_rule /action
    aggregation    | {"bizStep":"unpacking"}                                 | event_rule /action
    aggregation    | {"action":"DELETE","bizStep":"unpacking","childEPCs":[],"sensorElementList":[{"sensorReport":[{"type":"Mass","value":1}]}]} | event_rule /childEPCs
    association    | {"action":"OBSERVE","parentID":null}                    | event_rule /parentID
    object         | {"bizStep":"commissioning"}                             | event_rule /action
    object         | {"bizStep":"decommissioning","action":"ADD"}            | event_rule /action
    object         | {"epcList":[]}                                          | event_rule /epcList
    object         | {"epcList":null}                                        | event_rule /epcList
    object         | {"epcList":["$A1","$LOT"]}                              | event_rule /epcList/1
    object         | {"epcList":["$A1","$A1"]}                               | event_rule /epcList/1
    object         | {"ilmd":{"cbvmda:lotNumber":"7"}}                       | event_rule /ilmd
    object         | {"quantityList":[{"epcClass":"$LOT","quantity":-1}]}    | event_rule /quantityList/0/quantity
    object         | {"quantityList":[{"epcClass":"$LOT","uom":"KGM"}]}      | event_rule /quantityList/0/uom
    object         | {"epcList":null,"quantityList":[]}                       | event_rule /quantityList
    aggregation    | {"action":"DELETE","bizStep":"unpacking","childEPCs":[]} | event_rule /childEPCs
    object         | {"ext:temper":"hot"}                                    | event_rule /ext:temper
    object         | {"bizStep":"ext:ageing"}                                | event_rule /bizStep
    object         | {"eventID":"https://example.com/events/1"}              | event_rule /eventID
    object         | {"eventID":"urn:uuid:374d95fc"}                         | event_rule /eventID
    object         | {"eventTime":"2026-05-01T12:10:00.001Z"}                | time_in_future /eventTime
    object         | {"eventTime":"2999-01-01T00:00:00Z"}                    | time_in_future /eventTime
    object         | {"persistentDisposition":{}}                            | event_rule /persistentDisposition
    transaction    | {"bizTransactionList":[]}                               | event_rule /bizTransactionList
    transaction    | {"epcList":null}                                        | event_rule /epcList
    transaction    | {"parentID":"$A1"}                                      | event_rule /epcList/0
    transformation | {"outputEPCList":null}                                  | event_rule /outputEPCList
    transformation | {"inputEPCList":null}                                   | event_rule /inputEPCList
    object | {"errorDeclaration":{"declarationTime":"2026-05-01T00:00:00Z","reason":"did_not_occur","correctiveEventIDs":["urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"]}} | event_rule /errorDeclaration/correctiveEventIDs
    object | {"eventID":"urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8","errorDeclaration":{"declarationTime":"2026-05-01T00:00:00Z","correctiveEventIDs":["urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"]}} | event_rule /errorDeclaration/correctiveEventIDs/0
    object | {"errorDeclaration":{"declarationTime":"2026-06-01T00:00:00Z"}} | time_in_future /errorDeclaration/declarationTime
  `
  for (const { name, event, expected } of rows(table)) t.equal(verdict(event), expected, name)
})

t.test('Sensor data that contradict themselves or the event are refused', async (t) => {
  const report = (fields: string) => `{"sensorElementList":[{"sensorReport":[{"type":"Temperature",${fields}}]}]}`
  const period = (fields: string) =>
    `{"sensorElementList":[{"sensorMetadata":{${fields}},"sensorReport":[{"type":"Temperature","value":1}]}]}`
  const meta = '/sensorElementList/0/sensorMetadata'
  const place = '/sensorElementList/0/sensorReport/0'
  const table = `
    sensor | ${report('"time":"2026-04-30T12:00:00.001Z"')}            | event_rule ${place}/time
    sensor | ${report('"sDev":0.1')}                                   | event_rule ${place}/sDev
    sensor | ${report('"percRank":50')}                                | event_rule ${place}/percRank
    sensor | ${report('"percValue":50')}                               | event_rule ${place}/percValue
    sensor | ${report('"value":1,"uom":"KGM"')}                        | event_rule ${place}/uom
    sensor | ${report('"microorganism":"urn:x:a","chemicalSubstance":"urn:x:b"')} | event_rule ${place}/microorganism
    sensor | ${report('"value":"4.5"')}                                | field_invalid ${place}/value
    sensor | ${report('"temperature":4.5')}                            | field_invalid ${place}/temperature
    sensor | ${period('"time":"2026-05-01T00:00:00Z"')}                | event_rule ${meta}/time
    sensor | ${period('"startTime":"2026-04-01T00:00:00Z"')}           | event_rule ${meta}/startTime
    sensor | ${period('"endTime":"2026-04-01T00:00:00Z"')}             | event_rule ${meta}/endTime
    sensor | ${period('"startTime":"2026-04-02T00:00:00Z","endTime":"2026-04-01T00:00:00Z"')} | event_rule ${meta}/endTime
    sensor | {"sensorElementList":[{"sensorReport":[]}]}               | event_rule /sensorElementList/0/sensorReport
    sensor | {"sensorElementList":[{}]}                                | field_invalid /sensorElementList/0/sensorReport
    sensor | {"sensorElementList":[{"sensorReport":[{"value":1}]}]}    | event_rule ${place}/type
    sensor | {"sensorElementList":[{"sensorReport":[{"exception":"ALARM_CONDITION"}]}]} | ok
    sensor | {"sensorElementList":[{"sensorMetadata":{"deviceID":"urn:x:d"},"sensorReport":[{"type":"Mass","deviceID":"urn:x:d"}]}]} | event_rule ${place}/deviceID
    sensor | {"readPoint":null}                                        | event_rule /epcList
  `
  for (const { name, event, expected } of rows(table)) t.equal(verdict(event), expected, name)
})

t.test('What has the wrong form is refused with its place', async (t) => {
  const table = `
    object      | {"type":"LoadingEvent"}                         | field_invalid /type
    object      | {"type":null}                                   | field_invalid /type
    object      | {"eventTime":null}                              | field_invalid /eventTime
    object      | {"eventTime":"2026-04-30T18:00:00"}             | field_invalid /eventTime
    object      | {"eventTime":"2026-02-30T18:00:00Z"}            | field_invalid /eventTime
    object      | {"eventTime":"0000-01-01T00:00:00Z"}            | field_invalid /eventTime
    object      | {"eventTime":1777550400000}                     | field_invalid /eventTime
    object      | {"eventTimeZoneOffset":"Z"}                     | field_invalid /eventTimeZoneOffset
    object      | {"eventTimeZoneOffset":"+14:30"}                | field_invalid /eventTimeZoneOffset
    object      | {"eventTimeZoneOffset":null}                    | field_invalid /eventTimeZoneOffset
    object      | {"action":"add"}                                | field_invalid /action
    object      | {"action":null}                                 | field_invalid /action
    object      | {"bizStep":"Shipping"}                          | field_invalid /bizStep
    object      | {"bizStep":"urn:epcglobal:cbv:bizstep:shopping"} | field_invalid /bizStep
    object      | {"bizStep":7}                                   | field_invalid /bizStep
    object      | {"disposition":"sold"}                          | field_invalid /disposition
    object      | {"epcList":"$A1"}                               | field_invalid /epcList
    object      | {"epcList":["$A1",7,{}]}                        | field_invalid /epcList/1, field_invalid /epcList/2
    object      | {"epcList":["$A1","http://example.com/a b"]}    | code_malformed /epcList/1
    object      | {"epcList":["$BADGTIN"]}                        | gtin_check_digit /epcList/0
    object      | {"colour":"red"}                                | field_invalid /colour
    object      | {"parentID":"$PALLET"}                          | field_invalid /parentID
    object      | {"readPoint":"$SHOP"}                           | field_invalid /readPoint
    object      | {"readPoint":{}}                                | field_invalid /readPoint/id
    object      | {"readPoint":{"id":"shop 7"}}                   | field_invalid /readPoint/id
    object      | {"bizLocation":{"id":"https://id.gs1.org/414/4701234000011"}} | gtin_check_digit /bizLocation/id
    object      | {"sourceList":[{"type":"owner","source":"urn:x:y"}]} | field_invalid /sourceList/0/type
    object      | {"destinationList":[{"type":"owning_party"}]}   | field_invalid /destinationList/0/destination
    object      | {"bizTransactionList":[{"type":"po","id":"x"}]} | field_invalid /bizTransactionList/0/id, field_invalid /bizTransactionList/0/bizTransaction
    object      | {"quantityList":[{"epcClass":"$LOT","quantity":"2.5"}]} | field_invalid /quantityList/0/quantity
    object      | {"quantityList":[{"epcClass":"$LOT","quantity":1,"uom":"kilo"}]} | field_invalid /quantityList/0/uom
    object      | {"quantityList":[{"quantity":1}]}               | field_invalid /quantityList/0/epcClass
    object      | {"errorDeclaration":{}}                         | field_invalid /errorDeclaration/declarationTime
    object      | {"@context":7}                                  | field_invalid /@context
    object      | {"@context":{"ext":"no uri"},"ext:a":1}         | field_invalid /@context, event_rule /ext:a
    aggregation | {"ilmd":{"cbvmda:lotNumber":"7"}}               | field_invalid /ilmd
    aggregation | {"persistentDisposition":{"set":["active"]}}    | field_invalid /persistentDisposition
    transformation | {"action":"ADD"}                             | field_invalid /action
  `
  for (const { name, event, expected } of rows(table)) t.equal(verdict(event), expected, name)
})

t.test('Hostile bodies are refused with a place, never with an exception', async (t) => {
  const deep = (n: number): unknown => (n === 0 ? 1 : { a: deep(n - 1) })
  const bodies: [unknown, string][] = [
    [null, 'field_invalid '],
    [[], 'field_invalid '],
    ['ObjectEvent', 'field_invalid '],
    [{ ...bases.object, 'https://x.y/a': 'a\0b' }, 'field_invalid /https:~1~1x.y~1a'],
    [{ ...bases.object, 'https://x.y/a': '\ud800' }, 'field_invalid /https:~1~1x.y~1a'],
    [{ ...bases.object, 'https://x.y/a': Number.POSITIVE_INFINITY }, 'field_invalid /https:~1~1x.y~1a'],
    [{ ...bases.object, 'https://x.y/a': JSON.parse('{"__proto__":1}') }, 'field_invalid /https:~1~1x.y~1a'],
    [{ ...bases.object, epcList: ['\0'] }, 'code_malformed /epcList/0'],
    [{ ...bases.object, epcList: ['9'.repeat(100_000)] }, 'code_malformed /epcList/0'],
    [{ ...bases.object, bizStep: 'constructor' }, 'field_invalid /bizStep'],
    [{ ...bases.object, bizStep: '__proto__' }, 'field_invalid /bizStep'],
  ]
  for (const [body, expected] of bodies) t.equal(verdict(body), expected)
  const nested = parseEvent({ ...bases.object, 'https://x.y/a': deep(5000) }, options)
  t.equal(nested.problems?.[0]?.code, 'field_invalid')
})

t.test('At most 100 problems are listed, and all are counted', async (t) => {
  const answer = parseEvent({ ...bases.object, epcList: Array.from({ length: 250 }, () => 'nonsense') }, options)
  if (!answer.problems) throw new Error('refused')
  t.equal(answer.problems.length, 100)
  t.equal(answer.problemCount, 250)
  const problem = refusal(answer)
  t.equal(problem.code, 'code_malformed')
  t.equal(problem.errorCount, 250)
  t.equal(answer.problems[7]?.value, 'nonsense')
})

t.test('An event comes out with its codes read and its words bare', async (t) => {
  const { event } = parseEvent(
    {
      ...bases.aggregation,
      '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { ext: 'https://example.com/' }],
      eventID: 'urn:uuid:374D95FC-9457-4A51-BD6A-0BBA133845A8',
      bizStep: 'https://ref.gs1.org/cbv/BizStep-packing',
      disposition: 'urn:epcglobal:cbv:disp:in_progress',
      readPoint: { id: shop, 'ext:gate': 4 },
      destinationList: [{ type: 'urn:epcglobal:cbv:sdt:owning_party', destination: 'urn:tamga:participant:abc' }],
      childQuantityList: [{ epcClass: 'urn:example:salt', quantity: 2.5, uom: 'KGM' }],
    },
    options,
  )
  if (event?.type !== 'AggregationEvent') throw new Error('parsed')
  t.equal(event.eventID, 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8')
  t.equal(event.bizStep, 'packing')
  t.equal(event.disposition, 'in_progress')
  t.equal(event.eventTime.at.toISOString(), '2026-04-30T12:00:00.000Z')
  t.strictSame(event.readPoint, { id: shop, extensions: { 'ext:gate': 4 } })
  t.strictSame(event.destinationList, [{ type: 'owning_party', destination: 'urn:tamga:participant:abc' }])
  t.strictSame(event.childQuantityList[0]?.quantity, '2.5')
  t.equal(event.parentID?.link, pallet(1))
  t.equal(event.parentID?.path, '/parentID')
  t.equal(event.childEPCs[1]?.path, '/childEPCs/1')
  t.equal(event.childEPCs[1]?.reading.kind, 'unit')
  t.strictSame(
    eventEpcs(event).map((epc) => epc.link),
    [pallet(1), unit('A1'), unit('A2')],
  )
})

t.test('The verification tail reaches the judge, and nothing that is written', async (t) => {
  const [gtin, serial] = [unit('A1').slice(22, 36), 'A1']
  const scanned = `01${gtin}21${serial}\x1d91KEY1\x1d92${'x'.repeat(16)}`
  const { event } = parseEvent({ ...bases.object, epcList: [scanned] }, options)
  if (event?.type !== 'ObjectEvent') throw new Error('parsed')
  const reading = event.epcList[0]?.reading
  t.match(reading, { kind: 'unit', tail: { keyId: 'KEY1', check: 'x'.repeat(16) } })
  t.equal(event.epcList[0]?.link, unit('A1'))
})

t.test('The form can be read without the rules', async (t) => {
  const faults = newFaults()
  t.ok(readEvent(faults, { ...bases.object, bizStep: 'commissioning' }, ''))
  t.equal(faults.count, 0)
})
