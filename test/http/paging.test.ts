import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

type Row = { name: string }

t.test('a list is read page by page, each row once', async (t) => {
  const app = await testApp(t)
  const shop = await given.participant(app, { roles: ['retailer'] })
  const url = `/participants/${shop.id}/people`
  for (let i = 0; i < 35; i++) await shop.expect(201, 'POST', url, { name: `Person ${i}` })

  t.equal((await shop.expect<Row[]>(200, 'GET', url)).length, 30, 'thirty if nothing is said')
  const names: string[] = []
  let next: string | undefined = `${url}?perPage=10`
  for (let pages = 0; next !== undefined; pages++) {
    const answer = await shop.call('GET', next)
    t.equal(answer.statusCode, 200)
    names.push(...answer.json<Row[]>().map((row) => row.name))
    const link = answer.headers['link']
    next = /^<([^>]+)>; rel="next"$/.exec(typeof link === 'string' ? link : '')?.[1]
    t.ok(pages < 4)
  }
  t.same(
    names,
    Array.from({ length: 35 }, (_, i) => `Person ${i}`),
  )
  t.equal((await shop.call('GET', `${url}?perPage=35`)).headers['link'], undefined, 'a full last page has no next')
})

t.test('a token belongs to its query', async (t) => {
  const app = await testApp(t)
  for (let i = 0; i < 3; i++) await given.participant(app, { roles: ['retailer'] })
  const link = String((await app.operator.call('GET', '/participants?perPage=1&role=retailer')).headers['link'])
  const token = /nextPageToken=([^&>]+)/.exec(link)?.[1] ?? ''
  await app.operator.expect(200, 'GET', `/participants?role=retailer&perPage=2&nextPageToken=${token}`)
  const forged = Buffer.from('["x","-1"]').toString('base64url')
  for (const query of [
    `role=producer&nextPageToken=${token}`,
    `nextPageToken=${token}`,
    `nextPageToken=${forged}`,
    'nextPageToken=%21',
  ]) {
    const answer = await app.operator.call('GET', `/participants?${query}`)
    t.match(answer.json(), { status: 400, code: 'page_token_invalid' }, query)
  }
})
