import pg from 'pg'
import { poolConfig } from '../../src/db/connect.ts'
import { checkDigit } from '../../src/gs1/identifiers.ts'
import type { Scenario } from '../bench/scenario.ts'
import { rowOf } from '../bench/table.ts'

const count = 10_000
/** Events of each kind that are not counted: a service has run for longer than that, and its code is compiled, when it matters. */
const warmUps = 8
/** Ids of units that no order will have. */
const firstId = 2n ** 52n + 2_000_000_000_000n

const columns =
  '(log_id, object_id, position, state, flags, owner, owner_at, holder, addressee, sender, parent, opened, contents)'

// One statement each, as one would write it by hand for this alone: the last step of every unit, a check, and the same rows.
const commission = `
  with wanted as (select id from unnest($2::bigint[]) as id),
       bad as (select count(*) as n from wanted where exists (select from step where log_id = $1 and object_id = wanted.id))
  insert into step ${columns}
  select $1, id, $3, 2, 0, 1, null, 1, null, null, null, null, null from wanted where (select n from bad) = 0`
const pack = `
  with last as (
         select s.* from unnest($2::bigint[]) as wanted (id) cross join lateral
           (select * from step where log_id = $1 and object_id = wanted.id order by position desc limit 1) as s),
       bad as (select count(*) as n from last where state <> 2 or owner <> 1 or holder <> 1 or parent is not null or flags <> 0)
  insert into step ${columns}
  select $1, object_id, $3, state, flags, owner, position, holder, null, null, -$4::bigint, null, null
  from last where (select n from bad) = 0`

/** `POST /events` with 10,000 codes against the statement that does the same to its rows, without HTTP, codes, entry or tree. */
export const bulk: Scenario = async ({ stage, rounds, tell }) => {
  const { codes } = await stage.order((rounds + warmUps) * count)
  const client = new pg.Client(poolConfig(stage.access, { genericPlans: true }))
  client.on('error', () => undefined)
  await client.connect()
  const played: { commission: { ours: number; yardstick: number }; pack: { ours: number; yardstick: number } }[] = []
  try {
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const startedMs = performance.now()
      await work()
      return (1000 * count) / (performance.now() - startedMs)
    }
    const { rows } = await client.query<{ id: number }>(`select id from log where name = 'naive'`)
    const log = rows[0]?.id
    const write = (name: string, text: string, values: unknown[]) =>
      timed(async () => {
        const { rowCount } = await client.query({ name, text, values: [log, ...values] })
        if (rowCount !== count) throw new Error(`the yardstick wrote ${rowCount} rows`)
      })
    const send = (event: object) => timed(() => stage.call('POST', '/events', event, stage.maker.key))
    for (let round = 0; round < rounds + warmUps; round++) {
      if (round >= warmUps) tell(`round ${round - warmUps + 1} of ${rounds}`)
      const mine = codes.slice(round * count, (round + 1) * count)
      const ids = `{${mine.map((_, i) => firstId + BigInt(round * count + i)).join(',')}}`
      const common = { eventTime: new Date().toISOString(), eventTimeZoneOffset: '+06:00' }
      const body = `0470000${String(round).padStart(10, '0')}`
      const parent = `(00)${body}${checkDigit(body)}`
      const object = { type: 'ObjectEvent', ...common, action: 'ADD', bizStep: 'commissioning', epcList: mine }
      const aggregation = { type: 'AggregationEvent', ...common, action: 'ADD', bizStep: 'packing', parentID: parent }
      const result = {
        commission: {
          ours: await send(object),
          yardstick: await write('bench_commission', commission, [ids, round * 2]),
        },
        pack: {
          ours: await send({ ...aggregation, childEPCs: mine }),
          yardstick: await write('bench_pack', pack, [ids, round * 2 + 1, 1_000 + round]),
        },
      }
      if (round >= warmUps) played.push(result)
    }
  } finally {
    await client.end()
  }
  const about = { unit: 'codes/s', must: 0.5, aim: 0.8 }
  return [
    rowOf(
      { name: 'bulk (pack)', ...about },
      played.map((round) => round.pack),
    ),
    rowOf(
      { name: 'bulk (commission)', ...about },
      played.map((round) => round.commission),
    ),
  ]
}
