// Other people's data: every event of a file, posted one after the other, and what the service said about them.
import { randomInt } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { type Client, inWords, isRecord, problemOf } from './client.ts'
import { type FoundEvent, readEpcisFile } from './epcis-file.ts'
import { mentionedIn } from './mentioned.ts'
import { registerMentioned } from './register-mentioned.ts'
import { count, type Teller, wrapped } from './tell.ts'

export type ReplayDeps = { tell: Teller; operator: Client; file: string; now: () => Date }

/** What came of the events, by kind. */
export type Verdicts = {
  /** The id of each event that is recorded now; an error declaration bears that of the event it is about. */
  recorded: string[]
  before: number
  /** By problem code: how many, and the first one in words. */
  refused: Map<string, { events: number; example: string }>
}

/** Reads, registers, posts, and tells. @throws DemoError */
export async function replayFile({ tell, operator, file, now }: ReplayDeps): Promise<void> {
  const events = await readEpcisFile(file)
  tell.say(`\n${file}: ${count(events.length)} events`)
  const mentioned = mentionedIn(events, now())
  const { parties, places, serials, unreadable } = mentioned
  const units = [...serials.values()].reduce((sum, of) => sum + of.size, 0)
  tell.say(
    `  They name ${parties.size} firms, ${places.size} places, ${serials.size} GTINs and ${count(units)} serials.`,
  )
  if (unreadable > 0)
    tell.say(`  ${count(unreadable)} of them break a rule of the standard; they are posted all the same.`)
  tell.say()
  const run = `${now().getTime().toString(36)}${randomInt(36 ** 3).toString(36)}`
  const poster = await registerMentioned(tell, operator, mentioned, run)
  const start = performance.now()
  const verdicts = await postEvents(tell, poster.client, events)
  const seconds = (performance.now() - start) / 1_000
  // The poster was made for this run: what it may see is what this run found.
  const findings = await poster.client.list(Finding, '/findings?perPage=1000')
  tellVerdicts(tell, verdicts, findings)
  tell.say(
    `\n${count(events.length)} events in ${seconds.toFixed(1)} s: ${count(Math.round(events.length / seconds))} a second, one after the other.`,
  )
  tell.say(`The product group ${poster.group} only observes; the findings are at ${operator.url}/findings.`)
}

async function postEvents(tell: Teller, client: Client, events: readonly FoundEvent[]): Promise<Verdicts> {
  const verdicts: Verdicts = { recorded: [], before: 0, refused: new Map() }
  const progress = tell.progress('Posts the events', events.length)
  for (const event of events) {
    const answer = await client.call('POST', '/events', event)
    const id = isRecord(answer.body) ? answer.body['eventID'] : undefined
    if (answer.status === 200) {
      verdicts.before++
    } else if (answer.status < 300 && typeof id === 'string') {
      verdicts.recorded.push(id)
    } else {
      const { code } = problemOf(answer.body)
      const known = verdicts.refused.get(code) ?? { events: 0, example: inWords(answer) }
      verdicts.refused.set(code, { ...known, events: known.events + 1 })
    }
    progress.advance()
  }
  progress.done()
  return verdicts
}

const Finding = Type.Object({ code: Type.String(), eventID: Type.Optional(Type.String()) })
type Finding = Static<typeof Finding>

function tellVerdicts(tell: Teller, { recorded, before, refused }: Verdicts, findings: readonly Finding[]): void {
  const found = new Set(findings.map(({ eventID }) => eventID))
  const doubted = recorded.filter((id) => found.has(id))
  tell.say()
  tell.table(
    ['verdict', 'events'],
    [
      ['recorded', count(recorded.length - doubted.length)],
      ['recorded, with a finding', count(doubted.length)],
      ['recorded before', count(before)],
      ...[...refused].map(([code, { events }]) => [`refused: ${code}`, count(events)]),
    ],
  )
  for (const [code, { example }] of refused) tell.say(`\n  The first ${code}:\n${wrapped(example)}`)
  if (findings.length === 0) return
  const byCode = new Map<string, number>()
  for (const { code } of findings) byCode.set(code, (byCode.get(code) ?? 0) + 1)
  const rows = [...byCode].sort((a, b) => b[1] - a[1]).map(([code, times]) => [code, count(times)])
  tell.say()
  tell.table(['finding', 'count'], rows)
}
