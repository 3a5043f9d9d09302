// One bottle's life as a table, as an inspector would read it: with the operator's key, who sees all.
import { Type, type Static } from 'typebox'
import { readCode } from '../gs1/read.ts'
import { digitalLink } from '../gs1/write.ts'
import { DemoError } from './client.ts'
import type { Stage } from './story.ts'

const History = Type.Object({
  code: Type.String(),
  events: Type.Array(
    Type.Object({
      eventTime: Type.String(),
      state: Type.String(),
      bizStep: Type.Optional(Type.String()),
      by: Type.Optional(Type.Object({ name: Type.String() })),
      place: Type.Optional(Type.Object({ name: Type.String() })),
      container: Type.Optional(Type.Boolean()),
    }),
  ),
  findings: Type.Array(Type.Unknown()),
})
type Event = Static<typeof History>['events'][number]

export async function tellLife({ tell, operator }: Stage, bottle: string): Promise<void> {
  const link = linkOf(bottle)
  const path = `/units/${encodeURIComponent(link)}`
  const { events, findings } = await operator.ask(History, 'GET', `${path}/history`)
  tell.say(`  ${link}\n`)
  tell.table(['when', 'what', 'who', 'where', 'state afterwards'], events.map(row))
  tell.say(
    `\n  ${events.length} events, ${findings.length} finding${findings.length === 1 ? '' : 's'} about this bottle.`,
  )
  tell.say('\nLook further:')
  tell.say(`  anyone                    ${operator.url}/check/${encodeURIComponent(link)}`)
  tell.say(`  with the operator's key   ${operator.url}${path}/history`)
  tell.say(`                            ${operator.url}/findings`)
  tell.say(`  the whole interface       ${operator.url}/docs`)
}

/** The link names the unit without its verification tail. */
export function linkOf(code: string): string {
  const { reading } = readCode(code)
  if (reading?.kind !== 'unit') throw new DemoError(`This is no code of a unit: ${code}`)
  return digitalLink({ gtin: reading.gtin, serial: reading.serial })
}

const row = ({ eventTime, state, bizStep, by, place, container }: Event): string[] => [
  localTime(eventTime),
  `${(bizStep ?? '').replaceAll('_', ' ')}${container === true ? ' (inside its container)' : ''}`,
  by?.name ?? '',
  place?.name ?? '',
  state.replaceAll('_', ' '),
]

const zone = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Bishkek', dateStyle: 'short', timeStyle: 'short' })
const localTime = (time: string): string => zone.format(new Date(time))
