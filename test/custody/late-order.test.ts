// Late truth (design D11): whatever the order in which facts arrive, the end is the same.
import fc from 'fast-check'
import t from 'tap'
import { testApp } from '../support/app.ts'
import { live, type Fact } from '../support/lives.ts'
import { stage } from '../support/story.ts'

const runs = Number(process.env['RUNS'] ?? 30)
const seed = Number(process.env['SEED'] ?? 20_260_501)

// A loaded machine takes a second for a life.
t.setTimeout(30_000 + runs * 2_000)

const unitsEach = 3
const lifeMax = 16
const palletsEach = 2

type Told = { state: string; owner: string | null; holder: string | null; parent: string | null }

/** A permutation of the facts, by as many random numbers. */
const shuffled = (facts: readonly Fact[], order: readonly number[]): Fact[] =>
  facts
    .map((fact, i) => ({ fact, at: order[i] ?? 0 }))
    .sort((a, b) => a.at - b.at)
    .map(({ fact }) => fact)

t.test(`the same end whatever the order of arrival (seed ${seed})`, async (t) => {
  t.setTimeout(30_000 + runs * 2_000)
  const app = await testApp(t)
  const { actors, code } = await stage(app, { units: 15_000 })
  const names = new Map([...actors].map(([name, { id }]) => [id, name]))
  let used = 0

  const nameOf = (id: string | null | undefined) => (id === null || id === undefined ? undefined : names.get(id))
  const beginsAt = Date.now() - 3_600_000

  const post = async (fact: Fact, real: (name: string) => string, log: string[]) => {
    const { who, step, goods, parent, to, carrier, transfer, minute } = fact
    const body = {
      step,
      codes: goods.map((name) => code(real(name))),
      time: new Date(beginsAt + minute * 60_000).toISOString(),
      offline: true,
      ...(parent === undefined ? {} : { parent: code(real(parent)) }),
      ...(to === undefined ? {} : { to: actors.get(to)?.id }),
      ...(carrier === undefined ? {} : { carrier: actors.get(carrier)?.id }),
      ...(transfer === undefined ? {} : { transfer }),
    }
    const answer = await actors.get(who)?.call('POST', '/scans', body)
    log.push(
      `${minute} ${who} ${step} ${goods.join(',')}${parent ? ` in ${parent}` : ''}${to ? ` to ${to}` : ''} = ${answer?.statusCode}`,
    )
    if (answer?.statusCode !== 201) throw new Error(`${log.join('\n')}\n${answer?.body}`)
  }

  const look = async (name: string, real: (name: string) => string) => {
    const path = name.startsWith('P') ? '/logistic-units/' : '/units/'
    const answer = await app.operator.call('GET', path + encodeURIComponent(code(real(name))))
    if (answer.statusCode !== 200) return { state: `${answer.statusCode}` }
    const told = answer.json<Told>()
    const parents = [0, 1].map((i) => `P${i}`)
    const parent = parents.find(
      (pallet) => told.parent !== null && code(real(pallet)).slice(-18) === told.parent.slice(-18),
    )
    return { state: told.state, owner: nameOf(told.owner), holder: nameOf(told.holder), parent }
  }

  const waitingNow = async () => {
    const { rows } = await app.app.pg.query<{ n: number }>(
      `select count(*)::int as n from waiting_object o where o.waits and not exists
         (select from waiting_settled s where (s.log_id, s.position, s.object_id) = (o.log_id, o.position, o.object_id))`,
    )
    return rows[0]?.n
  }
  let waiting = await waitingNow()
  let findings = 0
  const newFindings = async () => {
    const { rows } = await app.app.pg.query<{ code: string; kind: string; detail: unknown }>(
      'select code, kind, detail from finding order by no offset $1',
      [findings],
    )
    findings += rows.length
    return rows
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(), { minLength: 4, maxLength: lifeMax }),
      fc.array(fc.nat(), { minLength: lifeMax, maxLength: lifeMax }),
      async (picks, order) => {
        const first = used
        used += 1
        const real = (name: string) =>
          `${name.startsWith('P') ? `P${first}_` : 'U'}${name.startsWith('P') ? name.slice(1) : 1 + first * unitsEach + Number(name.slice(1))}`
        const units = Array.from({ length: unitsEach }, (_, i) => `U${i}`)
        const pallets = Array.from({ length: palletsEach }, (_, i) => `P${i}`)
        const { facts, ends } = live(units, pallets, picks)
        const log: string[] = []
        const arriving = shuffled(facts, order)
        // One after the other, or all at once, so that they meet in batches.
        if (first % 3 === 2) await Promise.all(arriving.map((fact) => post(fact, real, log)))
        else for (const fact of arriving) await post(fact, real, log)
        const problems: string[] = []
        for (const [name, end] of ends) {
          if (end.state === 'ordered' && name.startsWith('P')) continue
          const found = await look(name, real)
          for (const key of ['state', 'owner', 'holder', 'parent'] as const) {
            if (name.startsWith('P') && key !== 'holder') continue
            const wanted = end[key]
            const is = key in found ? (found as Record<string, unknown>)[key] : undefined
            if (wanted !== is) problems.push(`${name} ${key}: ${String(is)} instead of ${String(wanted)}`)
          }
        }
        const still = await waitingNow()
        if (still !== waiting) problems.push(`${Number(still) - Number(waiting)} facts are left waiting`)
        waiting = still
        for (const finding of await newFindings())
          problems.push(`a finding: ${finding.kind} ${finding.code} ${JSON.stringify(finding.detail)}`)
        if (problems.length > 0) throw new Error(`arrived:\n${log.join('\n')}\n${problems.join('\n')}`)
      },
    ),
    // The life that failed is told as it is: to shrink it would take as long again for each attempt.
    { numRuns: runs, seed, endOnFailure: true },
  )
  t.pass(`${runs} lives`)
})
