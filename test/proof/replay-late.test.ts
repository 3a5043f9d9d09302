// What came late and was judged again (design D11) follows from the entries as well: lives whose facts arrive in any order.
import t from 'tap'
import { rebuild } from '../../src/proof/rebuild.ts'
import { random } from '../ledger/load.ts'
import { testApp } from '../support/app.ts'
import { live } from '../support/lives.ts'
import { stage } from '../support/story.ts'
import { tamper, verify } from './bundle.ts'

const lives = Number(process.env['RUNS'] ?? 12)
const seed = process.env['SEED'] ?? 'late'

async function replayed(url: string): Promise<{ status: number; text: string }> {
  let text = ''
  const stream = { write: (chunk: string) => ((text += chunk), true) } as NodeJS.WritableStream
  const status = await rebuild(['--database', url], { out: stream, err: stream, env: {} })
  return { status, text }
}

t.test(`a log with rewound facts verifies (SEED=${seed})`, async (t) => {
  t.setTimeout(120_000)
  const app = await testApp(t)
  const { actors, code } = await stage(app, { units: 2_000 })
  const pick = random(seed)
  const beginsAt = Date.now() - 3_600_000
  for (let life = 0; life < lives; life++) {
    const units = ['U0', 'U1', 'U2']
    const real = (name: string): string =>
      code(name.startsWith('P') ? `P${life}_${name.slice(1)}` : `U${1 + life * units.length + Number(name.slice(1))}`)
    const picks = Array.from({ length: 16 }, () => Math.floor(pick() * 2 ** 31))
    const { facts } = live(units, ['P0', 'P1'], picks)
    const shuffled = facts.map((fact) => ({ fact, at: pick() })).sort((a, b) => a.at - b.at)
    // One by one, and several in one batch.
    const together = life % 2 === 0 ? 1 : 6
    const post = async ({ fact }: (typeof shuffled)[number]) => {
      const { who, step, goods, parent, to, carrier, transfer, minute } = fact
      await actors.get(who)!.expect(201, 'POST', '/scans', {
        step,
        codes: goods.map(real),
        time: new Date(beginsAt + minute * 60_000).toISOString(),
        offline: true,
        ...(parent === undefined ? {} : { parent: real(parent) }),
        ...(to === undefined ? {} : { to: actors.get(to)?.id }),
        ...(carrier === undefined ? {} : { carrier: actors.get(carrier)?.id }),
        ...(transfer === undefined ? {} : { transfer }),
      })
    }
    for (let at = 0; at < shuffled.length; at += together) {
      await Promise.all(shuffled.slice(at, at + together).map(post))
    }
  }
  const { rows } = await app.app.pg.query<{ rewound: number; settled: number }>(
    `select (select count(*)::int from waiting_revived) as rewound,
            (select count(*)::int from waiting_settled where settled_at <> position) as settled`,
  )
  t.ok((rows[0]?.rewound ?? 0) > 5 && (rows[0]?.settled ?? 0) > 20, JSON.stringify(rows[0]))
  await app.app.close()
  const { adminUrl } = app.database
  const first = await replayed(adminUrl)
  t.match(first, { status: 0, text: /EQUAL/ }, first.text)
  t.match(await verify('log', '--database', adminUrl), { status: 0, text: /VERIFIED: everything/ })
  await tamper(
    adminUrl,
    `update step set holder = holder + 1 where ctid = (select ctid from step where object_id > 0 and position in
       (select settled_at from waiting_settled where settled_at <> position) order by position desc limit 1)
       and tableoid = (select tableoid from step where object_id > 0 limit 1)`,
  )
  t.match(await replayed(adminUrl), { status: 1, text: /DIFFERENT: .*holder is/ })
})
