// Everything that happened to a unit, top down, with what was doubted and what is missing where it belongs.
import { h, type Html } from './html.ts'
import type { Say } from './language.ts'
import type { LifeEvent, LifeFinding, LifeHistory } from './life-schema.ts'
import { piece } from './ask.ts'
import { base } from './session.ts'

/** Beyond this many days without a word the silence is shown. */
const silenceDays = 30
const dayMs = 86_400_000

/** What stands at a place of the line. */
type Mark = { at: number; html: Html }

/** @param nameOf a participant's name, as far as the visitor may know it */
export function timeline(
  say: Say,
  { events, findings }: LifeHistory,
  nameOf: (id: string | undefined) => string,
): Html {
  const marks: Mark[] = events.map((event, i) => ({
    at: Date.parse(event.eventTime),
    html: h`${gapBefore(say, events[i - 1], event)}${eventItem(say, event, events[i - 1]?.parent, nameOf)}`,
  }))
  // Events keep the order in which they were recorded; a finding stands behind the last event that was not later.
  for (const finding of findings) {
    const at = Date.parse(finding.eventTime ?? finding.openedAt)
    const before = marks.findLastIndex((mark) => mark.at <= at)
    marks.splice(before + 1, 0, { at, html: findingItem(say, finding) })
  }
  return h`<ol class="timeline">${marks.map(({ html }) => html)}</ol>`
}

function gapBefore(say: Say, before: LifeEvent | undefined, event: LifeEvent): Html | '' {
  if (!before) return ''
  const days = (Date.parse(event.eventTime) - Date.parse(before.eventTime)) / dayMs
  if (days > silenceDays) return h`<li class="gap">${say('life.silence', { days: Math.floor(days) })}</li>`
  if (days < 0 && !event.redacted && !before.redacted) return h`<li class="gap">${say('life.backwards')}</li>`
  return ''
}

/** @param parentBefore what it was packed in before: said once, and again when it changes */
function eventItem(
  say: Say,
  event: LifeEvent,
  parentBefore: string | undefined,
  nameOf: (id: string | undefined) => string,
): Html {
  const step = event.bizStep?.replace(/^.*[:/-]/, '') ?? ''
  const place = event.place?.name
  const country = event.place?.country ?? event.country
  const where = [place, country ? say.country(country) : ''].filter((part) => part).join(', ')
  const who = event.redacted ? say('life.redacted') : (event.by?.name ?? '')
  const held = event.holder && event.holder !== event.by?.id ? say('life.heldBy', { name: nameOf(event.holder) }) : ''
  return h`<li class="event${event.takenBack ? ' undone' : ''}${event.container ? ' carried' : ''}"${event.eventID ? h` data-event="${event.eventID}"` : ''}>
<div class="event-head"><strong>${say.orPlain('step', step)}</strong><time datetime="${event.eventTime}">${event.redacted ? say.day(event.eventTime) : say.moment(event.eventTime)}</time></div>
<p>${[who, where].filter((part) => part !== '').join(' · ')}</p>
${held ? h`<p>${held}</p>` : ''}
${event.container ? h`<p class="soft">${say('life.carried')}</p>` : ''}
${event.parent && event.parent !== parentBefore ? h`<p class="soft">${say('life.in')} <a href="${base}/units?code=${piece(event.parent)}"><code>${event.parent.replace('https://id.gs1.org/', '')}</code></a></p>` : ''}
${event.takenBack ? h`<p class="soft">${say('life.takenBack', { time: say.moment(event.takenBack.time) })}</p>` : ''}
<p class="proof-mark" hidden></p></li>`
}

const findingItem = (say: Say, finding: LifeFinding): Html => h`<li class="finding">
<div class="event-head"><strong>${say.orPlain('finding', finding.code, say.orPlain('problem', finding.code))}</strong><time datetime="${finding.openedAt}">${say.moment(finding.eventTime ?? finding.openedAt)}</time></div>
<p>${say.language === 'en' ? finding.text : say('life.toExplain')}</p>
${finding.state ? h`<p class="soft">${say.orPlain('findingState', finding.state)}</p>` : ''}</li>`
