// What must hold after every fault, while the clients hold their breath: everything that was acknowledged is there exactly once, where
// it was told to be; nothing else is; the tree is right; and where everything stands is what a replay and the model say.
import { Writable } from 'node:stream'
import type pg from 'pg'
import { eventKey } from '../../src/capture/entry.ts'
import { verifyDatabase } from '../../src/proof/verify/command-database.ts'
import { checkLedger } from '../support/ledger.ts'
import { withClient } from '../support/connect.ts'
import { checkReplay, placeOf, readIds, type StandingRow, standings } from '../support/replay.ts'
import type { Life } from './clients.ts'
import type { Told } from './journal.ts'
import { findUntrue, type Shown } from './witness.ts'

export type Found = {
  /** Acknowledged, and not there. */
  lost: number
  /** There more than once, or there and acknowledged by nobody. */
  doubled: number
  /** Anything else that does not fit. */
  faults: string[]
  compared: number
}

type Asked = {
  url: string
  told: readonly Told[]
  lives: readonly Life[]
  actors: ReadonlyMap<string, { id: string }>
  shown: Shown
}

/** Everything, once. */
export async function check({ url, told, lives, actors, shown }: Asked): Promise<Found> {
  return withClient(url, async (client) => {
    const faults: string[] = []
    const events = await compareEvents(client, told)
    for (const [what, count] of Object.entries((await client.query<Record<string, number>>(halves)).rows[0] ?? {}))
      if (count > 0) faults.push(`${count} half there: ${what}`)
    const complain = (error: unknown) => void faults.push(error instanceof Error ? error.message : String(error))
    await checkLedger(url).catch(complain)
    await checkReplay(url).catch(complain)
    faults.push(...(await findUntrue(client, shown)))
    const said: string[] = []
    const settings = { issuingState: '4', nestingMax: 8 }
    const status = await verifyDatabase(url, [], settings, (line) => void said.push(line), silent).catch(complain)
    if (status !== 0) faults.push(`the verifier: ${said.join('\n')}`)
    const { differences, compared } = await comparePlaces(client, lives, actors)
    return { ...events, faults: [...events.faults, ...faults, ...differences], compared }
  })
}

const silent = new Writable({ write: (_chunk, _encoding, done) => done() })

async function compareEvents(client: pg.Client, told: readonly Told[]) {
  const { rows } = await client.query<{ key: string; position: string }>(
    `select replace(event_key::text, '-', '') as key, d.position::text
     from event_directory d join log l on l.id = d.log_id where l.name = 'main'`,
  )
  const faults: string[] = []
  const stored = new Map(rows.map((row) => [row.key, Number(row.position)]))
  let lost = 0
  for (const { eventID, position } of told) {
    const key = eventKey(eventID, undefined)
    const found = stored.get(key)
    stored.delete(key)
    if (found === position) continue
    lost++
    faults.push(`${eventID} was told position ${position}, and is ${found === undefined ? 'not there' : `at ${found}`}`)
  }
  if (stored.size > 0)
    faults.push(`${stored.size} events that nobody was told of: ${[...stored.keys()].slice(0, 3).join(' ')}`)
  const positions = new Set(rows.map((row) => row.position))
  return { lost, doubled: stored.size + rows.length - positions.size, faults }
}

/** Nothing is half there, and the clock of a log never ran backwards. */
const halves = `
  select (select count(*)::int from entry e where e.log_id = 1 and not exists
           (select from event_directory d where (d.log_id, d.position) = (e.log_id, e.position))) as unlisted,
         (select count(*)::int from event_directory d where not exists
           (select from entry e where (e.log_id, e.position) = (d.log_id, d.position))) as unrecorded,
         (select count(*)::int from step s where not exists
           (select from entry e where (e.log_id, e.position) = (s.log_id, s.position))) as causeless,
         (select count(distinct s.object_id)::int from step s where s.object_id < 0 and not exists
           (select from logistic_unit_directory d where (d.object_id, d.log_id) = (s.object_id, s.log_id))) as unregistered,
         (select count(*)::int from (select record_time < lag(record_time) over (partition by log_id order by position) as back
                                     from entry) as e where e.back) as "recorded before its predecessor"`

/** Where all goods of all lives stand. */
async function comparePlaces(client: pg.Client, lives: readonly Life[], actors: Asked['actors']) {
  const { rows: participants } = await client.query<{ no: number; id: string }>('select no, id from participant')
  const numbers = new Map(participants.map(({ no, id }) => [id, no]))
  const noOf = (name: string | undefined) =>
    name === undefined ? null : (numbers.get(actors.get(name)?.id ?? '') ?? null)
  const { rows } = await client.query<StandingRow>(standings, [1])
  const stored = new Map(rows.map((row) => [row.id, row]))
  const ids = await readIds(
    client,
    lives.flatMap(({ model, link }) => [...model.things.keys()].map(link)),
  )
  const differences: string[] = []
  let compared = 0
  for (const { model, link } of lives) {
    const idOf = (name: string) => ids.get(link(name)) ?? ''
    for (const [name, thing] of model.things) {
      const row = stored.get(idOf(name))
      if (thing.state === 'ordered' && !row) continue
      const wanted = {
        state: thing.state,
        owner: noOf(thing.owner),
        holder: noOf(thing.holder),
        parent: thing.parent === undefined ? null : idOf(thing.parent),
        underWay: thing.transit !== undefined,
        addressee: noOf(thing.transit?.addressee),
      }
      const [is, should] = [row && placeOf(row), wanted].map((place) => JSON.stringify(place))
      if (is !== should) differences.push(`${link(name)} is ${is}, and should be ${should}`)
      compared++
    }
  }
  return { differences: differences.slice(0, 5), compared }
}
