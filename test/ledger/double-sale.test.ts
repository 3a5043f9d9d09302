// Two tills sell one bottle at the same instant: over two processes on one database, in one batch, on forty lines.
//
// That these tests can fail was checked by taking the lock in the statement that reads the steps (a common table expression with
// FOR UPDATE before the join, the head read after it): under READ COMMITTED that statement waits for the lock and then reads what
// was there before it waited, and 519 of the 1,000 races below had two winners, as had four of the first five of forty lines.
import t, { type Test } from 'tap'
import { testDatabase } from '../support/database.ts'
import { gtin } from '../support/given.ts'
import { checkLedger } from '../support/ledger.ts'
import { dataFolder, startService } from '../support/process.ts'
import { freshCodes, registered, type Remote, remote } from '../support/remote.ts'
import { checkReplay } from '../support/replay.ts'

const races = 1_000
const operatorKey = 'operator-key-of-the-tests-0123456789'

async function twoProcesses(t: Test) {
  const database = await testDatabase(t)
  t.teardown(async () => void (await checkLedger(database.adminUrl)))
  const folders = await Promise.all([dataFolder(t), dataFolder(t)])
  const services = folders.map((DATA_DIR) =>
    startService(t, {
      DATA_DIR,
      DATABASE_URL: database.adminUrl,
      APP_DATABASE_URL: database.appUrl,
      MASTER_KEY: 'master-key-of-the-tests-0123456789abc',
      OPERATOR_KEY: operatorKey,
      RATE_LIMIT: '0',
    }),
  )
  const urls = await Promise.all(services.map((service) => service.url))
  return { database, urls: urls.map((url) => () => url) }
}

const sell = (shop: Remote, code: string) => shop.send('POST', '/scans', { step: 'retail_selling', codes: [code] })

/** How many of these answers sold it; anything but "already sold" beside it is no answer to this question. */
function winners(answers: readonly { status: number; text: string }[]): number {
  for (const { status, text } of answers) {
    if (status !== 201 && !(status === 409 && text.includes('"already_sold"'))) throw new Error(`${status}: ${text}`)
  }
  return answers.filter(({ status }) => status === 201).length
}

t.test('one bottle, two processes', async (t) => {
  t.setTimeout(180_000)
  const { database, urls } = await twoProcesses(t)
  const [here = () => '', there = here] = urls
  const maker = await registered(remote(here, operatorKey), here, ['producer', 'retailer'], 'Maker')
  const key = await otherLine(maker)
  const tills = [maker, key(there)]
  const codes = await freshCodes(maker, gtin(), races + 100)
  await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes })

  await t.test('a thousand times in a row exactly one sale', async (t) => {
    const won = [0, 0]
    let wrong = 0
    // Alone first, where the two meet closest; then several races side by side, so that they meet within batches too.
    const race = async (code: string) => {
      const answers = await Promise.all(tills.map((till) => sell(till, code)))
      if (winners(answers) !== 1) wrong++
      answers.forEach(({ status }, i) => void (status === 201 && (won[i] = (won[i] ?? 0) + 1)))
    }
    for (const code of codes.slice(0, races / 2)) await race(code)
    const rest = codes.slice(races / 2, races)
    const lane = async () => {
      for (let code = rest.pop(); code !== undefined; code = rest.pop()) await race(code)
    }
    await Promise.all([lane(), lane(), lane(), lane()])
    t.equal(wrong, 0, 'races with none or two winners')
    t.ok((won[0] ?? 0) > 0 && (won[1] ?? 0) > 0, 'each process wins sometimes')
    t.comment(`${races} races: the first process won ${won[0]}, the second ${won[1]}`)
  })

  await t.test('forty lines at once', async (t) => {
    for (const code of codes.slice(races, races + 25)) {
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => sell(tills[i % 2] ?? maker, code)))
      t.equal(winners(answers), 1)
    }
  })

  await t.test('within one batch', async (t) => {
    for (const code of codes.slice(races + 25, races + 50)) {
      const twice = [1, 2, 3].map(() => ({ step: 'retail_selling', codes: [code] }))
      const verdicts = await maker.expect<{ status: number; code?: string }[]>(200, 'POST', '/scans', twice)
      t.same(
        verdicts.map(({ status, code: problem }) => problem ?? status),
        [201, 'already_sold', 'already_sold'],
      )
    }
  })

  await t.test('a receipt and a shipment of one bottle', async (t) => {
    const other = await registered(remote(here, operatorKey), here, ['distributor'], 'Trader')
    const { id } = await other.expect<{ id: string }>(200, 'GET', '/participants/me')
    for (const code of codes.slice(races + 50, races + 75)) {
      const answers = await Promise.all([
        sell(tills[0] ?? maker, code),
        (tills[1] ?? maker).send('POST', '/scans', { step: 'shipping', codes: [code], to: id }),
      ])
      t.equal(answers.filter(({ status }) => status === 201).length, 1)
      t.equal(answers.filter(({ status }) => status === 409).length, 1)
    }
  })

  await t.test('the steps are what the entries say', async (t) => {
    const { entries, compared } = await checkReplay(database.adminUrl)
    t.ok(entries >= 1 + races + 75)
    t.equal(compared, races + 100)
  })
})

/** The same participant over another line: with a key of its own for each. */
async function otherLine(maker: Remote): Promise<(url: () => string) => Remote> {
  const { id } = await maker.expect<{ id: string }>(200, 'GET', '/participants/me')
  const { key } = await maker.expect<{ key: string }>(201, 'POST', `/participants/${id}/keys`, { label: 'second till' })
  return (url) => remote(url, key)
}
