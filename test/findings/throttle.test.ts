import t from 'tap'
import type { NewFinding } from '../../src/findings/finding.ts'
import { createThrottle } from '../../src/findings/throttle.ts'

const finding = (participant: number, second: number, fields: Partial<NewFinding> = {}): NewFinding => ({
  id: `f${participant}-${second}`,
  openedAt: new Date(Date.UTC(2026, 2, 1, 10, 0, second)),
  kind: 'refused',
  code: 'not_owner',
  participant,
  principal: null,
  person: null,
  log: 1,
  position: null,
  eventKey: null,
  concerned: [7],
  objects: [1n],
  objectCount: 2,
  detail: { act: 'sell', eventTime: '', eventID: 'e', text: '', objects: [{ path: '', code: 'c', concerned: [7] }] },
  ...fields,
})

t.test('beyond its share of a minute a participant is counted into one finding', async (t) => {
  const throttle = createThrottle(2, () => 'counted-1')
  const admitted = throttle.admit([0, 1, 2, 3].map((second) => finding(1, second)))
  t.same(
    admitted.map(({ id }) => id),
    ['f1-0', 'f1-1'],
  )
  t.equal(throttle.admit([finding(2, 4)]).length, 1, 'another participant has a share of its own')
  t.equal(throttle.admit([finding(1, 5, { kind: 'observed' })]).length, 1, 'what was recorded is never only counted')
  t.equal(throttle.admit([finding(1, 6, { code: 'already_sold' })]).length, 0)
  t.same(throttle.drain(new Date(Date.UTC(2026, 2, 1, 10, 0, 59))), [], 'not before the minute is over')
  t.equal(throttle.admit([finding(1, 60)]).length, 1, 'a new minute, a new share')
  const drained = throttle.drain(new Date(Date.UTC(2026, 2, 1, 10, 1, 1)))
  t.match(drained, [{ id: 'counted-1', code: 'counted', participant: 1, objectCount: 6 }])
  t.same(drained[0]?.detail.counted, { not_owner: 2, already_sold: 1 })
  t.same([drained[0]?.concerned, drained[0]?.objects], [[], []])
  t.same(throttle.drain(new Date(Date.UTC(2026, 2, 1, 10, 1, 2))), [], 'told once')
})
