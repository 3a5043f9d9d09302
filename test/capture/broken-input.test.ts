// What no caller should ever send, and each of it answered with a place and a reason: never a 500, and nothing is stored.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { operatorKey, testApp, type TestApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { checkLedger } from '../support/ledger.ts'
import { type Stage, sscc, stage } from '../support/story.ts'

type Body = Record<string, unknown>
type Case = {
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

const nul = '\0'
const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
const raw = (text: string | Buffer): Buffer => Buffer.from(text)
const minutes = (n: number): string => new Date(Date.now() + n * 60_000).toISOString()

/** The last digit is the check digit; another one is wrong. */
const wrongCheck = (digits: string): string => digits.slice(0, -1) + String((Number(digits.at(-1)) + 1) % 10)

function eventCases({ code, actors, gtin }: Stage): Case[] {
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

function scanCases({ code, actors, gtin }: Stage): Case[] {
  const base: Body = { step: 'commissioning', codes: [code('U1')] }
  const scan = (name: string, change: Body, is: string): Case => ({
    name,
    url: '/scans',
    body: { ...base, ...change },
    is,
  })
  return [
    { name: 'an empty list', url: '/scans', body: [], is: 'field_invalid' },
    { name: 'a list of nothing', url: '/scans', body: [null], is: 'field_invalid' },
    { name: '2,001 scans', url: '/scans', body: Array.from({ length: 2_001 }, () => base), is: 'field_invalid' },
    scan('no step', { step: undefined }, 'field_invalid at /step'),
    scan('an unknown step', { step: 'teleporting' }, 'field_invalid at /step'),
    scan('a field that is none', { kodes: [] }, 'field_invalid at /kodes'),
    scan('no codes', { codes: undefined }, 'field_invalid at /codes'),
    scan('an empty list of codes', { codes: [] }, 'field_invalid at /codes'),
    scan('codes as a text', { codes: 'U1' }, 'field_invalid at /codes'),
    scan('a code as an object', { codes: [{ code: code('U1') }] }, 'field_invalid at /codes/0'),
    scan(
      'a code twice in two forms',
      { codes: [code('U1'), `(01)${gtin}(21)${code('U1').slice(18, 33)}`] },
      'event_rule at /codes/1',
    ),
    scan('the second code broken', { codes: [code('U1'), 'x'] }, 'code_malformed at /codes/1'),
    scan('a kind of goods', { codes: [`(01)${gtin}`] }, 'code_malformed at /codes/0'),
    scan(
      '30,001 codes',
      { codes: Array.from({ length: 30_001 }, (_, i) => `(01)${gtin}(21)S${i}`) },
      'too_large at /codes/30000',
    ),
    scan('no such place', { place: 'nowhere00000' }, 'field_invalid at /place'),
    scan("another one's place", { place: 'x' }, 'field_invalid at /place'),
    scan('no such addressee', { step: 'shipping', to: 'nobody000000' }, 'field_invalid at /to'),
    scan('an addressee half named', { step: 'shipping', to: { name: 'Firm' } }, 'field_invalid at /to'),
    scan(
      'no such carrier',
      { step: 'shipping', to: actors.get('shop')?.id, carrier: 'nobody000000' },
      'field_invalid at /carrier',
    ),
    scan(
      'a transfer of another kind',
      { step: 'shipping', to: actors.get('shop')?.id, transfer: 'gift' },
      'field_invalid at /transfer',
    ),
    scan('a time of tomorrow', { time: minutes(24 * 60) }, 'time_in_future at /time'),
    scan('a time that is none', { time: 'yesterday' }, 'field_invalid at /time'),
    scan('a time before the bar code', { time: '1066-10-14T09:00:00Z' }, 'field_invalid at /time'),
    scan('an id that is none', { eventID: '1' }, 'field_invalid at /eventID'),
    scan('an event hash that is none', { eventID: 'ni:///x' }, 'field_invalid at /eventID'),
    scan('packing in nothing', { step: 'packing' }, 'field_invalid at /parent'),
    scan('packing in itself', { step: 'packing', parent: code('U1') }, 'event_rule at /parent'),
    scan('packing in a kind of goods', { step: 'packing', parent: `(01)${gtin}` }, 'code_malformed at /parent'),
    scan('a document of spaces', { document: '   ' }, 'field_invalid at /document'),
    scan('partial as a word', { partial: 'yes' }, 'field_invalid at /partial'),
    {
      name: 'a scan with NUL',
      url: '/scans',
      body: raw('{"step":"commissioning","codes":["\\u0000"]}'),
      is: 'field_invalid at /codes/0',
    },
  ]
}

function receiptCases({ code }: Stage): Case[] {
  const base: Body = { till: '1', number: '7', time: minutes(-1), lines: [{ code: code('U1') }] }
  const receipt = (name: string, change: Body, is: string): Case => ({
    name,
    url: '/receipts',
    body: { ...base, ...change },
    is,
    who: 'shop',
  })
  return [
    receipt('no till', { till: undefined }, 'field_invalid at /till'),
    receipt('a till of spaces', { till: ' ' }, 'field_invalid at /till'),
    receipt('a number as a number', { number: 7 }, 'field_invalid at /number'),
    receipt('no lines', { lines: [] }, 'field_invalid at /lines'),
    receipt('lines as an object', { lines: { code: code('U1') } }, 'field_invalid at /lines'),
    receipt(
      '1,001 lines',
      { lines: Array.from({ length: 1_001 }, () => ({ code: code('U1') })) },
      'field_invalid at /lines',
    ),
    receipt('a line without a code', { lines: [{ price: '1.00' }] }, 'field_invalid at /lines/0/code'),
    receipt(
      'an unreadable code',
      { lines: [{ code: code('U1') }, { code: '???' }] },
      'code_malformed at /lines/1/code',
    ),
    receipt('a price as a number', { lines: [{ code: code('U1'), price: 1.5 }] }, 'field_invalid at /lines/0/price'),
    receipt(
      'a price below nothing',
      { lines: [{ code: code('U1'), price: '-1.00' }] },
      'field_invalid at /lines/0/price',
    ),
    receipt(
      'a price of 30 digits',
      { lines: [{ code: code('U1'), price: '9'.repeat(30) }] },
      'field_invalid at /lines/0/price',
    ),
    receipt(
      'a price with a comma',
      { lines: [{ code: code('U1'), price: '1,50' }] },
      'field_invalid at /lines/0/price',
    ),
    receipt('nought pieces', { lines: [{ code: code('U1'), quantity: 0 }] }, 'field_invalid at /lines/0/quantity'),
    receipt(
      'a huge number of pieces',
      { lines: [{ code: code('U1'), quantity: 1e300 }] },
      'field_invalid at /lines/0/quantity',
    ),
    receipt('tomorrow', { time: minutes(24 * 60) }, 'time_in_future at /time'),
    receipt('a day', { time: '2026-05-01' }, 'field_invalid at /time'),
    { ...receipt('not his', {}, 'wrong_state at /lines/0/code'), judged: true },
  ]
}

function registerCases({ gtin, actors }: Stage): Case[] {
  const maker = actors.get('maker')?.id ?? ''
  const order = (name: string, body: unknown, is: string): Case => ({ name, url: '/code-orders', body, is })
  const participant = (name: string, change: Body, is: string): Case => ({
    name,
    url: '/participants',
    who: 'operator',
    body: { name: 'Firm', country: 'KG', roles: ['producer'], ...change },
    is,
  })
  const product: Body = {
    gtin: '04609999999997',
    name: 'Vodka',
    group: 'alcohol',
    hsCode: '2208601100',
    originCountry: 'KG',
  }
  const made = (name: string, change: Body, is: string): Case => ({
    name,
    url: '/products',
    body: { ...product, ...change },
    is,
  })
  const place: Body = { name: 'W', kind: 'warehouse', country: 'KG', lat: 42, lon: 74 }
  const site = (name: string, change: Body, is: string): Case => ({
    name,
    url: '/places',
    body: { ...place, ...change },
    is,
  })
  return [
    order('no quantity', { gtin }, 'field_invalid'),
    order('both', { gtin, quantity: 1, serials: ['A'] }, 'field_invalid'),
    order('none', { gtin, quantity: 0 }, 'field_invalid at /quantity'),
    order('half a code', { gtin, quantity: 1.5 }, 'field_invalid at /quantity'),
    order('a text of a number', { gtin, quantity: '12' }, 'field_invalid at /quantity'),
    order('too many', { gtin, quantity: 1_500_001 }, 'field_invalid at /quantity'),
    order('a huge number', { gtin, quantity: 1e308 }, 'field_invalid at /quantity'),
    order('a wrong check digit', { gtin: wrongCheck(gtin), quantity: 1 }, 'gtin_check_digit at /gtin'),
    order('a GTIN of letters', { gtin: 'ABCDEFGHIJKLMN', quantity: 1 }, 'field_invalid at /gtin'),
    order('no such product', { gtin: '04609999999997', quantity: 1 }, 'not_found'),
    order('a serial twice', { gtin, serials: ['A', 'B', 'A'] }, 'field_invalid at /serials/2'),
    order('a serial with a space', { gtin, serials: ['A B'] }, 'field_invalid at /serials/0'),
    order('a serial too long', { gtin, serials: ['A'.repeat(21)] }, 'field_invalid at /serials/0'),
    order('an empty serial', { gtin, serials: [''] }, 'field_invalid at /serials/0'),
    order('a serial as a number', { gtin, serials: [1] }, 'field_invalid at /serials/0'),
    order('an order as a list', [], 'field_invalid'),
    {
      name: 'an order with a NUL',
      url: '/code-orders',
      body: raw(`{"gtin":"${gtin}","serials":["\\u0000"]}`),
      is: 'field_invalid at /serials/0',
    },
    participant('no name', { name: undefined }, 'field_invalid at /name'),
    participant('a name of spaces', { name: '   ' }, 'field_invalid at /name'),
    participant('a name of a kilometre', { name: 'x'.repeat(100_000) }, 'field_invalid at /name'),
    participant('a country in small letters', { country: 'kg' }, 'field_invalid at /country'),
    participant('no roles', { roles: [] }, 'field_invalid at /roles'),
    participant('a role that is none', { roles: ['king'] }, 'field_invalid at /roles/0'),
    participant('a GLN with a wrong check digit', { gln: '4700000000001' }, 'gtin_check_digit at /gln'),
    participant('a field that is none', { admin: true }, 'field_invalid at /admin'),
    {
      name: 'a participant with half a pair',
      url: '/participants',
      who: 'operator',
      body: raw('{"name":"\\ud83d","country":"KG","roles":["producer"]}'),
      is: 'field_invalid at /name',
    },
    { ...participant('not the operator', {}, 'role_missing'), who: 'maker' },
    made('a GTIN with a wrong check digit', { gtin: '04609999999990' }, 'gtin_check_digit at /gtin'),
    made('a group that is none', { group: 'gold' }, 'field_invalid at /group'),
    made('an HS code of letters', { hsCode: '22AB' }, 'field_invalid at /hsCode'),
    made(
      'contents of itself',
      { contains: [{ gtin: '04609999999997', count: 1 }] },
      'field_invalid at /contains/0/gtin',
    ),
    made('a strength beyond numbers', { strength: 1e308 }, 'field_invalid at /strength'),
    site('a latitude of 91', { lat: 91 }, 'field_invalid at /lat'),
    site('a longitude as a list', { lon: [74] }, 'field_invalid at /lon'),
    site('a radius of nothing', { radiusM: 0 }, 'field_invalid at /radiusM'),
    {
      name: 'a key with a step of code',
      url: `/participants/${maker}/keys`,
      who: 'operator',
      body: { steps: ['shipping; drop table'] },
      is: 'field_invalid at /steps/0',
    },
    {
      name: 'a mandate for ever ago',
      url: '/mandates',
      body: { to: actors.get('shop')?.id, may: ['ship'], until: '2001-01-01T00:00:00Z' },
      is: 'field_invalid at /until',
    },
    { name: 'a path with NUL', url: '/code-orders/%00/close', body: {}, is: 'field_invalid' },
    { name: 'a path of broken escapes', url: '/code-orders/%E0%A4%A/close', body: {}, is: 'request_malformed' },
    {
      name: 'an id that is SQL',
      url: `/code-orders/${encodeURIComponent("x' or 1=1 --")}/close`,
      body: {},
      is: 'not_found',
    },
    { name: 'a method that is none', url: '/events', method: 'DELETE', body: undefined, is: 'not_found' },
  ]
}

const counted = [
  ...['step', 'code_list', 'logistic_unit_directory', 'foreign_serial', 'code_order', 'code_block'],
  ...['participant', 'person', 'api_key', 'place', 'mandate', 'product', 'product_group'],
]
const rowCounts = `select ${counted.map((table) => `(select count(*)::int from ${table}) as ${table}`).join(', ')},
  (select count(*)::int from entry where log_id = 1) as entries, (select count(*)::int from event_directory where log_id = 1) as events,
  (select count(*)::int from head where log_id = 1) as heads`

async function send(
  app: TestApp,
  home: Stage,
  { url, body, who = 'maker', type = 'application/json', method = 'POST' }: Case,
) {
  const key = who === 'operator' ? operatorKey : home.actors.get(who)?.key
  const caller = key === undefined ? app.anonymous : app.as(key)
  if (!Buffer.isBuffer(body)) return caller.call(method, url, body)
  return app.app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
    payload: body,
  })
}

t.test('broken input', async (t) => {
  t.setTimeout(120_000)
  const app = await testApp(t)
  const home = await stage(app)
  const database = await client(t, app.database.adminUrl)
  const before = (await database.query<Record<string, number>>(rowCounts)).rows[0]
  const findings = async (): Promise<number> =>
    (await database.query<{ n: number }>('select count(*)::int as n from finding')).rows[0]?.n ?? 0

  const cases = [...eventCases(home), ...scanCases(home), ...receiptCases(home), ...registerCases(home)]
  for (const each of cases) {
    await t.test(`${each.url}: ${each.name}`, async (t) => {
      const told = await findings()
      const answer = await send(app, home, each)
      const problem = answer.json<{
        code: string
        detail: string
        status: number
        errors?: { path: string; code: string }[]
      }>()
      const [code = '', path] = each.is.split(' at ')
      const [first] = problem.errors ?? []
      const found = path === undefined ? problem.code : `${problem.code} at ${first?.path}`
      if (found !== each.is || answer.statusCode >= 500) t.comment(answer.body.slice(0, 500))
      t.equal(found, each.is)
      t.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${answer.statusCode} for ${code}`)
      t.match(answer.headers['content-type'], 'application/problem+json')
      t.ok(problem.detail.length > 10 && (problem.errors ?? []).length <= 100)
      t.equal(
        (await findings()) - told,
        each.judged === true ? 1 : 0,
        'a finding where the judge refused, and only there',
      )
    })
  }
  t.comment(`${cases.length} documents`)
  t.ok(cases.length > 100)
  t.same((await database.query(rowCounts)).rows[0], before, 'nothing was stored')
  await checkLedger(app.database.adminUrl)
  // The goods of all these attempts are as fresh as before.
  await home.play('maker commission U1,U2 = ok')
})
