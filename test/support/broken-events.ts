// Broken documents as tables: what is sent, and the located problem that answers.
import { randomUUID } from 'node:crypto'
import { type Stage, sscc } from './story.ts'

export type Body = Record<string, unknown>
export type Case = {
  name: string
  url: string
  /** JSON, or the bytes as they are. */
  body: unknown
  /** `code` or `code at path`; several where one document has several faults. */
  is: string
  who?: string
  type?: string
  method?: 'POST' | 'PATCH' | 'DELETE'
  /** Looked at by the judge, who keeps a finding. */
  judged?: boolean
}

export const nul = '\0'
export const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
export const raw = (text: string | Buffer): Buffer => Buffer.from(text)
export const minutes = (n: number): string => new Date(Date.now() + n * 60_000).toISOString()

/** The last digit is the check digit; another one is wrong. */
export const wrongCheck = (digits: string): string => digits.slice(0, -1) + String((Number(digits.at(-1)) + 1) % 10)

export function eventCases({ code, actors, gtin }: Stage): Case[] {
  const unit = (serial: string) => `https://id.gs1.org/01/${gtin}/21/${serial}`
  const base: Body = {
    type: 'ObjectEvent',
    eventTime: minutes(-1),
    eventTimeZoneOffset: '+06:00',
    action: 'ADD',
    bizStep: 'commissioning',
    epcList: [code('U1')],
  }
  const packing: Body = {
    ...base,
    type: 'AggregationEvent',
    bizStep: 'packing',
    parentID: `(00)${sscc()}`,
    epcList: undefined,
    childEPCs: [code('U1')],
  }
  const event = (name: string, change: Body, is: string): Case => ({
    name,
    url: '/events',
    body: { ...base, ...change },
    is,
  })
  const pack = (name: string, change: Body, is: string): Case => ({
    name,
    url: '/events',
    body: { ...packing, ...change },
    is,
  })
  const text = (name: string, body: string | Buffer, is: string): Case => ({
    name,
    url: '/events',
    body: raw(body),
    is,
  })
  const whole = JSON.stringify(base)
  return [
    text('nothing', '', 'body_malformed'),
    text('spaces', '  \n ', 'body_malformed'),
    text('half a document', whole.slice(0, 60), 'body_malformed'),
    text('a comma too many', whole.replace('}', ',}'), 'body_malformed'),
    text('single quotes', whole.replaceAll('"', "'"), 'body_malformed'),
    text('a comment', `/* event */ ${whole}`, 'body_malformed'),
    text('two documents', whole + whole, 'body_malformed'),
    text('NaN', whole.replace('"ADD"', 'NaN'), 'body_malformed at /action'),
    text('a raw line break in a text', whole.replace('commissioning', 'commis\nsioning'), 'body_malformed at /bizStep'),
    text('a raw NUL', whole.replace('commissioning', `commis${nul}sioning`), 'body_malformed at /bizStep'),
    text('invalid UTF-8', Buffer.concat([raw('{"type":"'), Buffer.of(0xff, 0xfe, 0xc0), raw('"}')]), 'body_malformed'),
    text('UTF-16', Buffer.from(whole, 'utf16le'), 'body_malformed'),
    text('XML', '<?xml version="1.0"?><epcis/>', 'body_malformed'),
    text('null', 'null', 'field_invalid'),
    text('a number', '17', 'field_invalid'),
    text('a text', '"ObjectEvent"', 'field_invalid'),
    text('a list', `[${whole}]`, 'field_invalid'),
    text('an empty object', '{}', 'field_invalid'),
    text('100 levels', deep(100), 'field_invalid'),
    text('a million brackets', '['.repeat(1_000_000), 'field_invalid'),
    text('a million brackets in a field', `{"a":${'['.repeat(1_000_000)}`, 'field_invalid'),
    text('30 levels in a field of ours', whole.replace('"ADD"', deep(30)), 'field_invalid at /action'),
    text('30 levels in an extension', `${whole.slice(0, -1)},"https://example.org/x":${deep(30)}}`, 'field_invalid'),
    text('an escaped NUL', whole.replace('commissioning', 'x\\u0000'), 'field_invalid at /bizStep'),
    text('half a surrogate pair', whole.replace('commissioning', 'x\\ud800y'), 'field_invalid at /bizStep'),
    text('halves in the wrong order', whole.replace('commissioning', 'x\\udc00\\ud800'), 'field_invalid at /bizStep'),
    text('half a pair in a name', `${whole.slice(0, -1)},"a\\udc00":1}`, 'field_invalid at /a\ufffd'),
    text('__proto__', `${whole.slice(0, -1)},"__proto__":{"admin":true}}`, 'field_invalid at /__proto__'),
    text(
      'constructor.prototype',
      `${whole.slice(0, -1)},"constructor":{"prototype":{}}}`,
      'field_invalid at /constructor',
    ),
    text(
      'a number beyond all numbers',
      `${whole.slice(0, -1)},"https://example.org/x":1e999}`,
      'field_invalid at /https:~1~1example.org~1x',
    ),
    text('33 MB', raw(`${whole.slice(0, -1)},"x":"${'x'.repeat(33 * 1024 * 1024)}"}`), 'too_large'),
    { name: 'text/plain', url: '/events', body: raw(whole), type: 'text/plain', is: 'media_type' },
    {
      name: 'a form',
      url: '/events',
      body: raw('type=ObjectEvent'),
      type: 'application/x-www-form-urlencoded',
      is: 'media_type',
    },
    { name: 'XML as such', url: '/events', body: raw('<a/>'), type: 'application/xml', is: 'media_type' },
    { name: 'a type like JSON', url: '/events', body: raw(whole), type: 'application/jsonp', is: 'media_type' },
    event('a document instead of an event', { type: 'EPCISDocument' }, 'field_invalid at /type'),
    event('a type as a list', { type: ['ObjectEvent'] }, 'field_invalid at /type'),
    event('an action in small letters', { action: 'add' }, 'field_invalid at /action'),
    event('no action', { action: undefined }, 'field_invalid at /action'),
    event('an unknown step', { bizStep: 'selling_off' }, 'field_invalid at /bizStep'),
    event('a step as a number', { bizStep: 5 }, 'field_invalid at /bizStep'),
    event('a disposition as null', { disposition: null }, 'field_invalid at /disposition'),
    event('a field that is none', { epclist: [] }, 'field_invalid at /epclist'),
    event('a prefix that nobody declared', { 'acme:colour': 'red' }, 'event_rule at /acme:colour'),
    event('codes as a text', { epcList: code('U1') }, 'field_invalid at /epcList'),
    event('codes as an object', { epcList: { 0: code('U1') } }, 'field_invalid at /epcList'),
    event('a code as a number', { epcList: [4_701_000_000_118] }, 'field_invalid at /epcList/0'),
    event('a code as a list', { epcList: [[code('U1')]] }, 'field_invalid at /epcList/0'),
    event('a code as null', { epcList: [null] }, 'field_invalid at /epcList/0'),
    event('an empty code', { epcList: [''] }, 'code_malformed at /epcList/0'),
    event('no codes at all', { epcList: [] }, 'event_rule at /epcList'),
    event('a code twice', { epcList: [code('U1'), code('U2'), code('U1')] }, 'event_rule at /epcList/2'),
    event(
      'a wrong check digit',
      { epcList: [unit('A').replace(gtin, wrongCheck(gtin))] },
      'gtin_check_digit at /epcList/0',
    ),
    event('a wrong SSCC', { epcList: [`(00)${wrongCheck(sscc())}`] }, 'gtin_check_digit at /epcList/0'),
    event(
      'a GTIN of 13 digits',
      { epcList: [`https://id.gs1.org/01/${gtin.slice(1)}/21/A`] },
      'code_malformed at /epcList/0',
    ),
    event('a serial of 21 characters', { epcList: [unit('A'.repeat(21))] }, 'code_malformed at /epcList/0'),
    event('a serial in Cyrillic', { epcList: [unit('ЖЖ')] }, 'code_malformed at /epcList/0'),
    event('a code of a megabyte', { epcList: ['0'.repeat(1_000_000)] }, 'code_malformed at /epcList/0'),
    event('a code with a line break', { epcList: [unit('A\nB')] }, 'code_malformed at /epcList/0'),
    event(
      '30,001 codes',
      { epcList: Array.from({ length: 30_001 }, (_, i) => unit(`S${i}`)) },
      'too_large at /epcList/30000',
    ),
    event(
      '100,000 numbers for codes',
      { epcList: Array.from({ length: 100_000 }, (_, i) => i) },
      'field_invalid at /epcList/0',
    ),
    event('11 minutes ahead', { eventTime: minutes(11) }, 'time_in_future at /eventTime'),
    event('the year 9999', { eventTime: '9999-12-31T23:59:59Z' }, 'time_in_future at /eventTime'),
    event('the year 20260', { eventTime: '20260-01-01T00:00:00Z' }, 'field_invalid at /eventTime'),
    event('30 February', { eventTime: '2026-02-30T00:00:00Z' }, 'field_invalid at /eventTime'),
    event('25 o’clock', { eventTime: '2026-02-20T25:00:00Z' }, 'field_invalid at /eventTime'),
    event('a time without a zone', { eventTime: '2026-02-20T10:00:00' }, 'field_invalid at /eventTime'),
    event('a time as a number', { eventTime: 1_771_000_000 }, 'field_invalid at /eventTime'),
    event('no time', { eventTime: undefined }, 'field_invalid at /eventTime'),
    event('an offset of 15 hours', { eventTimeZoneOffset: '+15:00' }, 'field_invalid at /eventTimeZoneOffset'),
    event('no offset', { eventTimeZoneOffset: undefined }, 'field_invalid at /eventTimeZoneOffset'),
    event('an id that is none', { eventID: 'event 1' }, 'field_invalid at /eventID'),
    event('an id of another scheme', { eventID: 'urn:example:1' }, 'event_rule at /eventID'),
    event('an id as an object', { eventID: { id: randomUUID() } }, 'field_invalid at /eventID'),
    event('a place that is no URI', { readPoint: { id: 'warehouse 7' } }, 'field_invalid at /readPoint/id'),
    event('a place as a text', { readPoint: 'urn:tamga:place:x' }, 'field_invalid at /readPoint'),
    event('destinations as an object', { destinationList: {} }, 'field_invalid at /destinationList'),
    event(
      'a destination without a type',
      { destinationList: [{ destination: 'urn:x:y' }] },
      'field_invalid at /destinationList/0/type',
    ),
    event(
      'a document that is no URI',
      { bizTransactionList: [{ bizTransaction: 'invoice 7' }] },
      'field_invalid at /bizTransactionList/0/bizTransaction',
    ),
    event('a context that is no context', { '@context': 17 }, 'field_invalid at /@context'),
    event(
      'quantities as texts',
      { quantityList: [{ epcClass: `https://id.gs1.org/01/${gtin}`, quantity: '5' }] },
      'field_invalid at /quantityList/0/quantity',
    ),
    event(
      'a sensor that says nothing',
      { sensorElementList: [{}] },
      'field_invalid at /sensorElementList/0/sensorReport',
    ),
    pack('a parent among its children', { parentID: code('U1') }, 'event_rule at /childEPCs/0'),
    pack('no parent', { parentID: undefined }, 'event_rule at /parentID'),
    pack('a parent as a list', { parentID: [`(00)${sscc()}`] }, 'field_invalid at /parentID'),
    pack(
      'a parent with a wrong check digit',
      { parentID: `(00)${wrongCheck(sscc())}` },
      'gtin_check_digit at /parentID',
    ),
    pack('children under another name', { childEPCs: undefined, epcList: [code('U1')] }, 'field_invalid at /epcList'),
    {
      ...event('not marked yet', { action: 'OBSERVE', bizStep: 'shipping' }, 'wrong_state at /epcList/0'),
      judged: true,
    },
    { ...event('never issued', { epcList: [unit('NEVER')] }, 'code_unknown at /epcList/0'), judged: true },
    {
      ...event(
        'a forged tail',
        { epcList: [`${code('U1').slice(0, -1)}${code('U1').endsWith('A') ? 'B' : 'A'}`] },
        'code_forged at /epcList/0',
      ),
      judged: true,
    },
    { ...event("another one's code", {}, 'not_owner at /epcList/0'), who: 'rival', judged: true },
    { ...event('not his role', {}, 'role_missing'), who: 'shop' },
    {
      name: 'an event too long for an entry',
      url: '/events',
      body: { ...base, 'https://example.org/x': Array(9).fill('y'.repeat(8_000)) },
      is: 'event_too_large',
    },
    { name: 'no key', url: '/events', body: base, who: '', is: 'key_missing' },
    {
      name: 'shipped to himself',
      url: '/events',
      body: {
        ...base,
        action: 'OBSERVE',
        bizStep: 'shipping',
        destinationList: [{ type: 'owning_party', destination: `urn:tamga:participant:${actors.get('maker')?.id}` }],
      },
      is: 'field_invalid',
    },
  ]
}
