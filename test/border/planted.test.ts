// One of each pattern among a few clean consignments; `npm run planted` does it in numbers.
import t from 'tap'
import { clean, everyRule, patterns, type Planted } from '../../loadtest/planted/patterns.ts'
import { world } from '../../loadtest/planted/traffic.ts'
import { testApp } from '../support/app.ts'
import { post, type Told } from './load.ts'
import { mulberry32 } from '../support/random.ts'

t.test('what is planted is found, and what is clean is left alone', async (t) => {
  let aheadMs = 0
  const app = await testApp(t, { now: () => new Date(Date.now() + aheadMs) })
  const border = await post(app)
  const units = 12
  const here = await world(app, border, units, mulberry32(11))
  const [author, second, third] = border.officers
  const { id } = await author.expect<{ id: string }>(201, 'POST', '/risk/profiles', {
    name: 'all',
    rules: everyRule(units),
  })
  await second.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
  await third.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
  const told = async ({ by, body }: Planted) => {
    const { id: lodged } = await by.expect<Told>(201, 'POST', '/declarations', body)
    return author.expect<Told>(200, 'GET', `/declarations/${lodged}`)
  }
  // As many as a price is compared with.
  for (let i = 0; i < 31; i++) t.equal((await told(await clean(here))).lane, 'green')
  for (const { id: pattern, plant } of patterns) {
    const planted = await plant(here)
    if (pattern === 'P14') aheadMs = 25 * 86_400_000
    const { lane, decisions } = await told(planted)
    const rules = decisions?.flatMap(({ reasons }) => reasons.map(({ rule }) => rule))
    t.ok(rules?.includes(pattern) && lane !== 'green', `${pattern}: ${lane}, by ${rules?.join(' ')}`)
  }
})
