import type { EpcisEvent, Moment } from '../epcis/event.ts'
import { momentAt, readMoment } from '../epcis/moment.ts'
import { fieldProblem } from '../http/problem.ts'

/**
 * Two clocks (design D11). A device that says when it sent, by its own clock, tells how wrong that clock is; what it says about when
 * something happened is wrong by as much. The corrected time is recorded, and the one that it gave stands beside it.
 */
export type Reading = {
  /** What is recorded. */
  time: Moment
  /** What the device said, where that differs. */
  deviceTime?: Moment
  /** How far its clock was from ours, in milliseconds (ours minus its), where that is more than a clock may be wrong. */
  offMs?: number
}

export type OurClock = { now: Date; clockAheadMaxMs: number }

/** Less than this is how long it was under way and in our queue, not its clock. */
const ignoredMs = 2_000

/**
 * - Without `sentAt` a time is taken as it is, and refused when it lies further ahead than a clock may be wrong.
 * - A clock that was wrong by up to that much is corrected in silence.
 * - One that was further ahead is corrected and flagged: nothing can have been sent after it was received.
 * - One that was further behind is kept as it is and flagged: what was sent may have lain somewhere on its way.
 *
 * @param text when it happened; absent means now, by our clock
 * @throws Problem field_invalid, time_in_future
 */
export function readTime(
  text: string | undefined,
  sentAt: string | undefined,
  clock: OurClock,
  at: (field: string) => string,
): Reading {
  const sent = sentAt === undefined ? undefined : readZoned(sentAt, at('sentAt'))
  if (text === undefined) return { time: momentAt(clock.now) }
  const time = readZoned(text, at('time'))
  const aheadMs = sent ? clock.now.getTime() - sent.at.getTime() : 0
  if (Math.abs(aheadMs) < ignoredMs) return { time: notAhead(time, clock, at('time')) }
  const off = Math.abs(aheadMs) > clock.clockAheadMaxMs ? { offMs: aheadMs } : {}
  if (aheadMs > clock.clockAheadMaxMs) return { time: notAhead(time, clock, at('time')), ...off }
  const corrected = momentAt(new Date(time.at.getTime() + aheadMs))
  return { time: notAhead(corrected, clock, at('time')), deviceTime: time, ...off }
}

function readZoned(text: string, path: string): Moment {
  const time = readMoment(text)
  if (!time) throw fieldProblem(path, 'Send a time with its zone, such as 2026-05-01T09:30:00+06:00.')
  return time
}

function notAhead(time: Moment, { now, clockAheadMaxMs }: OurClock, path: string): Moment {
  if (time.at.getTime() <= now.getTime() + clockAheadMaxMs) return time
  const detail = `The time is more than ${clockAheadMaxMs / 60_000} minutes ahead of ours. Set the clock, or send sentAt.`
  throw fieldProblem(path, detail, 'time_in_future')
}

/** The event at the corrected time, with what the device said as `tamga:deviceTime`. */
export function corrected<E extends EpcisEvent>(event: E, { time, deviceTime }: Reading): E {
  if (!deviceTime) return event
  const { prefixes, remote } = event.context
  return {
    ...event,
    context: { prefixes: new Map([...prefixes, ['tamga', 'urn:tamga:vocabulary:']]), remote },
    eventTime: time,
    extensions: { ...event.extensions, 'tamga:deviceTime': deviceTime.text },
  }
}
