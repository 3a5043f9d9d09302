import t, { type Test } from 'tap'
import { limits } from '../../src/config/limits.ts'
import { commitBatch, FatalLedgerError, type Outcome } from '../../src/ledger/commit.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import { client } from '../support/connect.ts'
import { type Cut, type Line, lineTo } from '../support/cut.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { checkLedger } from '../support/ledger.ts'
import { type Decision, draft, judge, type Order, serverClock, taken, type ToyJudge, work, writer } from './toy.ts'

const log = 1

/** A database of its own whose ledger must be whole when the test ends. */
async function ground(t: Test): Promise<TestDatabase> {
  const database = await testDatabase(t)
  t.teardown(async () => void (await checkLedger(database.adminUrl)))
  return database
}

async function connection(t: Test, { appUrl }: TestDatabase, settings: Record<string, string | number> = {}) {
  const opened = await writer(appUrl, settings)
  t.teardown(() => opened.end().catch(() => undefined))
  return opened
}

const counts = `select (select count(*)::int from entry) as entries, (select count(*)::int from event_directory) as events,
                       (select count(*)::int from head) as heads, (select count(*)::int from code_list) as lists`

t.test('two writers race on one log', async (t) => {
  const database = await ground(t)
  const positions: number[] = []
  const race = async (writerNo: number) => {
    const own = await connection(t, database)
    for (let batch = 0; batch < 40; batch++) {
      const drafts = Array.from({ length: 1 + ((batch * 7 + writerNo) % 5) }, () => draft())
      for (const outcome of await commitBatch(own, log, drafts, judge(), serverClock)) {
        if (outcome.kind !== 'recorded') throw new Error(outcome.kind)
        positions.push(outcome.position)
      }
    }
  }
  await Promise.all([race(0), race(1), race(2)])
  t.same(
    [...positions].sort((a, b) => a - b),
    positions.map((_, i) => i),
    'dense',
  )
  const [report] = await checkLedger(database.adminUrl)
  t.match(report, { log: 'main', size: positions.length, heads: 120 })
})

t.test('one id twice in a batch, and again later', async (t) => {
  const database = await ground(t)
  const own = await connection(t, database)
  const send = (...drafts: ReturnType<typeof draft>[]) => commitBatch(own, log, drafts, judge(), serverClock)
  const first = await send(draft('a'), draft('b'), draft('a'), draft('a', 'other'))
  t.match(first, [
    { kind: 'recorded', position: 0 },
    { kind: 'recorded', position: 1 },
    { kind: 'again', log, position: 0 },
    { kind: 'taken', log, position: 0 },
  ])
  const recorded = first[0] as { recordTime: Date }
  t.same(await send(draft('a')), [{ kind: 'again', log, position: 0, recordTime: recorded.recordTime }])
  t.same(await send(draft('a', 'other')), [{ kind: 'taken', log, position: 0 }])
  t.match(await send(draft('c', 'x', { refuse: true }), draft('c', 'y')), [
    { kind: 'refused', refusal: 'no' },
    { kind: 'recorded', position: 2 },
  ])
  t.match(await commitBatch(own, 2, [draft('a'), draft('d')], judge(), serverClock), [
    { kind: 'again', log, position: 0 },
    { kind: 'recorded', position: 0 },
  ])
})

t.test('a batch of nothing but refused and known drafts makes no head', async (t) => {
  const database = await ground(t)
  const own = await connection(t, database)
  const admin = await client(t, database.adminUrl)
  await commitBatch(own, log, [draft('a')], judge(), serverClock)
  await commitBatch(own, log, [draft('a'), draft('b', 'x', { refuse: true })], judge(), serverClock)
  t.same((await admin.query(counts)).rows[0], { entries: 1, events: 1, heads: 1, lists: 0 })
})

t.test('the time of recording never runs backwards', async (t) => {
  const database = await ground(t)
  const own = await connection(t, database)
  const hour = 3_600_000
  const noon = Date.parse('2026-05-01T12:00:00.000Z')
  const times: number[] = []
  for (const at of [noon, noon - hour, noon + 5, noon - 2 * hour, noon + hour, noon]) {
    const [outcome] = await commitBatch(own, log, [draft()], judge(), () => new Date(at))
    times.push(outcome?.kind === 'recorded' ? outcome.recordTime.getTime() : 0)
  }
  t.same(times, [noon, noon, noon + 5, noon + 5, noon + hour, noon + hour])
  const admin = await client(t, database.adminUrl)
  const { rows } = await admin.query<{ record_time: Date }>('select record_time from entry order by position')
  t.same(
    rows.map((row) => row.record_time.getTime()),
    times,
    'and it is what was stored',
  )
})

t.test('a statement that fails in the middle leaves nothing, whoever swallows its error', async (t) => {
  const database = await ground(t)
  const admin = await client(t, database.adminUrl)
  const list = { digest: Buffer.alloc(32, 1), count: 1, deflated: Buffer.alloc(3) }
  const drafts = () => [{ ...draft('a'), lists: [list] }, draft('b')]
  const failing = judge((own) => [own.query('select 1 / 0')])
  await t.rejects(commitBatch(await connection(t, database), log, drafts(), failing, serverClock), { code: '22012' })
  // PostgreSQL then answers COMMIT with ROLLBACK, and that is no error to the driver.
  const hiding = judge((own) => [own.query('select 1 / 0').catch(() => undefined)])
  await t.rejects(
    commitBatch(await connection(t, database), log, drafts(), hiding, serverClock),
    /division|aborted|rolled back/,
  )
  t.same((await admin.query(counts)).rows[0], { entries: 0, events: 0, heads: 0, lists: 0 })
  t.match(await commitBatch(await connection(t, database), log, drafts(), judge(), serverClock), [
    { kind: 'recorded', position: 0 },
    { kind: 'recorded', position: 1 },
  ])
})

t.test('a head that does not fit itself is not continued', async (t) => {
  const database = await testDatabase(t)
  const admin = await client(t, database.adminUrl)
  const own = await connection(t, database)
  await commitBatch(own, log, [draft(), draft(), draft()], judge(), serverClock)
  await admin.query(`insert into head select log_id, 4, sha256('forged'), edge, record_time from head`)
  await t.rejects(commitBatch(own, log, [draft()], judge(), serverClock), FatalLedgerError)
})

type ToyLedger = Ledger<Order, Decision, string>

function ledgerOn(t: Test, url: string, toyJudge: ToyJudge, settings: Record<string, string | number> = {}) {
  let connects = 0
  const ledger: ToyLedger = createLedger({
    connect: () => {
      connects++
      return writer(url, settings)
    },
    judge: toyJudge,
    limits: { ...limits, commitRetryMs: 20_000 },
    onFatal: (error) => t.fail(error.message),
  })
  t.teardown(() => ledger.stop())
  return { ledger, connects: () => connects }
}

t.test('a lock that is held longer than we wait: tried again', async (t) => {
  const database = await ground(t)
  const admin = await client(t, database.adminUrl)
  const { ledger, connects } = ledgerOn(t, database.appUrl, judge(), { lock_timeout: 100 })
  await admin.query('begin')
  await admin.query('select 1 from log_lock where log_id = 1 for update')
  const answer = ledger.submit(log, draft(), work)
  while (connects() < 3) await new Promise((resolve) => setImmediate(resolve))
  await admin.query('rollback')
  t.match(await answer, { kind: 'recorded', position: 0 })
})

/** Answers once this backend executes the statement. */
async function untilItRuns(t: Test, database: TestDatabase, pid: number, statement: RegExp): Promise<void> {
  const admin = await client(t, database.adminUrl)
  for (;;) {
    const { rows } = await admin.query<{ query: string; state: string }>(
      'select query, state from pg_stat_activity where pid = $1',
      [pid],
    )
    if (rows[0]?.state === 'active' && statement.test(rows[0].query)) return
  }
}

const pidOf = async (own: { query: (text: string) => Promise<{ rows: { pid: number }[] }> }): Promise<number> =>
  (await own.query('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0

t.test('the backend is ended before COMMIT: the batch is sent again', async (t) => {
  const database = await ground(t)
  const admin = await client(t, database.adminUrl)
  let ended = 0
  const slow = judge((own) => {
    if (ended > 0) return []
    ended++
    const pid = pidOf(own)
    const end = pid.then(async (no) => {
      await untilItRuns(t, database, no, /pg_sleep/)
      await admin.query('select pg_terminate_backend($1)', [no])
    })
    return [own.query('select pg_sleep(60)'), end]
  })
  const { ledger, connects } = ledgerOn(t, database.appUrl, slow)
  const answers = [draft('a'), draft('b'), draft('a')].map((each) => taken(ledger.submit(log, each, work)))
  t.match(await Promise.all(answers), [
    { kind: 'recorded', position: 0 },
    { kind: 'recorded', position: 1 },
    { kind: 'again', position: 0 },
  ])
  t.equal(connects(), 2)
})

async function throughLine(t: Test, cuts: readonly Cut[]): Promise<void> {
  const database = await ground(t)
  const line: Line = await lineTo(t, database.appUrl)
  const { ledger } = ledgerOn(t, line.url, judge())
  await ledger.submit(log, draft('before'), work) // So that statements are prepared and travel by their names.
  let expected = 1
  for (const cut of cuts) {
    const ids = [`${cut.when} ${cut.text} 1`, `${cut.when} ${cut.text} 2`]
    line.cut(cut)
    const before = line.cuts()
    const outcomes = await Promise.all(ids.map((id) => taken(ledger.submit(log, draft(id), work))))
    t.equal(line.cuts(), before + 1, `cut where ${cut.text} is ${cut.when}`)
    // 'again' where the first attempt took effect; the position is the same in either case.
    t.same(
      outcomes.map((outcome) => positionOf(outcome)),
      [expected, expected + 1],
      'recorded once, at the next positions',
    )
    // Statements travel without waiting for answers: where an answer is cut, COMMIT may be on its way already.
    const kinds = cut.when === 'asked' ? ['recorded'] : cut.text === 'COMMIT' ? ['again'] : ['again', 'recorded']
    t.ok(
      outcomes.every((outcome) => kinds.includes(outcome?.kind ?? '')),
      kinds.join(' or '),
    )
    t.same(
      (await Promise.all(ids.map((id) => taken(ledger.submit(log, draft(id), work))))).map(positionOf),
      [expected, expected + 1],
      'sent again: the same answer',
    )
    expected += 2
  }
  const [report] = await checkLedger(database.adminUrl)
  t.equal(report?.size, expected)
}

const positionOf = (outcome: Outcome<Decision, string> | undefined): number =>
  outcome?.kind === 'recorded' || outcome?.kind === 'again' ? outcome.position : -1

t.test('the line is cut at each statement of a batch', async (t) => {
  const statements = ['ledger_lock', 'ledger_head', 'ledger_events', 'ledger_entries', 'ledger_directory']
  await throughLine(
    t,
    [...statements, 'ledger_insert_head', 'commit'].map((text) => ({ text, when: 'asked' })),
  )
})

t.test('the line is cut at the answers of the server, that to COMMIT among them', async (t) => {
  await throughLine(
    t,
    ['BEGIN', 'SELECT 1', 'INSERT 0 2', 'COMMIT'].map((text) => ({ text, when: 'answered' })),
  )
})

t.test('the same event arrives in two logs at once: one of them has it', async (t) => {
  const database = await ground(t)
  const { ledger } = ledgerOn(t, database.appUrl, judge())
  for (let i = 0; i < 20; i++) {
    const outcomes = await Promise.all([1, 2].map((no) => taken(ledger.submit(no, draft(`event ${i}`), work))))
    t.same(outcomes.map((outcome) => outcome?.kind).sort(), ['again', 'recorded'])
  }
})

t.test('stop answers who waits; a database that stays away is an error, and the ledger survives it', async (t) => {
  const database = await ground(t)
  const line = await lineTo(t, database.appUrl)
  let open = true
  const ledger: ToyLedger = createLedger({
    connect: () => {
      if (!open) return Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
      return writer(line.url)
    },
    judge: judge(),
    limits: { ...limits, commitRetryMs: 0 },
    onFatal: (error) => t.fail(error.message),
  })
  open = false
  await t.rejects(async () => void (await ledger.submit(log, draft('a'), work)), { code: 'ECONNREFUSED' })
  open = true
  const answers = [taken(ledger.submit(log, draft('a'), work)), taken(ledger.submit(2, draft('b'), work))]
  await ledger.stop()
  t.match(await Promise.all(answers), [{ kind: 'recorded' }, { kind: 'recorded' }])
})

t.test('a database that says nothing any more and closes nothing: tried again on another connection', async (t) => {
  const database = await ground(t)
  const line = await lineTo(t, database.appUrl)
  const ledger: ToyLedger = createLedger({
    connect: () => writer(line.url, {}, { silentMaxMs: 300 }),
    judge: judge(),
    limits,
    onFatal: (error) => t.fail(error.message),
  })
  t.teardown(() => ledger.stop())
  t.match(await taken(ledger.submit(log, draft('a'), work)), { kind: 'recorded' })
  line.deafen()
  t.match(await taken(ledger.submit(log, draft('b'), work)), { kind: 'recorded', position: 1 })
})

t.test('many who ask for the same log at once share one connection', async (t) => {
  const database = await ground(t)
  let connects = 0
  const ledger: ToyLedger = createLedger({
    connect: () => {
      connects++
      return writer(database.appUrl)
    },
    judge: judge(),
    limits,
    onFatal: (error) => t.fail(error.message),
  })
  t.teardown(() => ledger.stop())
  const asked = await Promise.all(Array.from({ length: 100 }, (_, i) => ledger.logNo(i % 2 === 0 ? 'main' : 'spirits')))
  t.same([...new Set(asked)].length, 2)
  t.same(connects, 2, 'one a name')
})
