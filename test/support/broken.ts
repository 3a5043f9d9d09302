// Broken documents beside events, as tables: what is sent, and the located problem that answers.
import { type Case, type Body, raw, minutes, wrongCheck } from './broken-events.ts'
import { type Stage } from './story.ts'

export function scanCases({ code, actors, gtin }: Stage): Case[] {
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

export function receiptCases({ code }: Stage): Case[] {
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

export function registerCases({ gtin, actors }: Stage): Case[] {
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
