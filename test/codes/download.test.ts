import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { chooseFormat, csvField } from '../../src/codes/download.ts'
import type { Order } from '../../src/codes/schema.ts'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

t.test('the format is the query’s, else the best that Accept allows', async (t) => {
  const cases: [accept: string | undefined, format: string][] = [
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/csv', 'csv'],
    ['TEXT/CSV;header=present', 'csv'],
    ['application/x-ndjson, text/csv', 'ndjson'],
    ['application/x-ndjson;q=0.5, text/csv;q=0.8', 'csv'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'text'],
    ['application/json, text/plain, */*', 'text'],
  ]
  for (const [accept, format] of cases) t.equal(chooseFormat(undefined, accept), format, accept ?? 'none')
  t.equal(chooseFormat('csv', 'text/plain'), 'csv')
  for (const accept of ['image/png', 'application/json', 'text/csv;q=0']) {
    t.throws(() => chooseFormat(undefined, accept), { code: 'not_acceptable' }, accept)
  }
})

t.test('a field of CSV is quoted and never a formula', async (t) => {
  const cases: [text: string, field: string][] = [
    ['0104', '"0104"'],
    ['a"b', '"a""b"'],
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@x', `"'@x"`],
    ['a=b', '"a=b"'],
  ]
  for (const [text, field] of cases) t.equal(csvField(text), field)
})

t.test('a client that breaks off half-way costs nothing and gets the same bytes the next time', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const { gtin } = await given.product(maker)
  const { id } = await maker.expect<Order>(201, 'POST', '/code-orders', { gtin, quantity: 60_000 })
  const address = await app.app.listen({ port: 0, host: '127.0.0.1' })
  const open = async (query = ''): Promise<IncomingMessage> => {
    const request = get(`${address}/code-orders/${id}/codes${query}`, {
      headers: { authorization: `Bearer ${maker.key}` },
    })
    request.on('error', () => undefined) // Breaking off is the point.
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response
  }
  // More than there are database connections, all stopped in the middle.
  for (let i = 0; i < 15; i++) {
    const response = await open()
    response.on('error', () => undefined)
    await once(response, 'data')
    response.destroy()
  }
  const whole = await buffer(await open())
  t.equal(whole.toString('latin1').trimEnd().split('\n').length, 60_000)
  const blocks: Buffer[] = []
  for (let block = 0; block < 60; block++) blocks.push(await buffer(await open(`?block=${block}`)))
  t.ok(Buffer.concat(blocks).equals(whole), 'the blocks make up the whole')
  t.same(
    app.log.filter((line) => line.includes('"level":50')),
    [],
    'nothing was logged as our fault',
  )
})
