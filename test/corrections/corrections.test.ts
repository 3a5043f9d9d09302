import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { checkReplay } from '../support/replay.ts'
import { testApp, testClock } from '../support/app.ts'
import { stage } from '../support/story.ts'

type Correction = { id: string; state: string; of: string[]; answers: { agree: boolean }[]; expiresAt: string }
type Told = { bizStep: string; takenBack?: { time: string; by?: string } }
type History = { events: Told[]; custody: { holder: string | null; to: string | null }[] }

const day = 24 * 60 * 60 * 1000

t.test('those who have built on an event are asked before it is taken back', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now, ledgerClock: clock.now })
  const { play, actors, eventID, code } = await stage(app)
  const maker = actors.get('maker')!
  const trader = actors.get('trader')!
  const shop = actors.get('shop')!
  const rival = actors.get('rival')!
  const correction = (body: object) => maker.expect<Correction>(201, 'POST', '/corrections', body)

  await t.test('all agree, and everything is taken back, newest first', async (t) => {
    await play(`
      maker   commission U1,U2        = ok
      maker   pack       U1,U2 in P1  = ok
      maker   ship       P1 to trader = ok
      trader  receive    P1           = ok
      trader  unpack     all in P1    = ok
      trader  ship       U1 to shop   = ok
      shop    receive    U1           = ok
      maker   undo ship P1            = wrong_state
    `)
    const asked = await correction({ eventID: eventID('maker ship P1'), reason: 'did_not_occur', text: 'Wrong pallet' })
    t.match(asked, { state: 'asked', text: 'Wrong pallet' })
    t.same(new Set(asked.of), new Set([trader.id, shop.id]))
    await maker.expect(409, 'POST', '/corrections', { eventID: eventID('maker ship P1'), reason: 'did_not_occur' })
    await rival.expect(404, 'GET', `/corrections/${asked.id}`)
    await rival.expect(404, 'POST', `/corrections/${asked.id}/answers`, { agree: true })

    await trader.expect(201, 'POST', `/corrections/${asked.id}/answers`, { agree: true })
    await trader.expect(409, 'POST', `/corrections/${asked.id}/answers`, { agree: false })
    const done = await shop.expect<Correction>(201, 'POST', `/corrections/${asked.id}/answers`, { agree: true })
    t.match(done, { state: 'done', answers: [{ agree: true }, { agree: true }] })
    await play(`
      ? U1 active maker
      ? U2 active maker
      maker   pack U1 in P2           = packed_elsewhere
      maker   ship P1 to shop         = ok
      shop    receive P1              = ok
      shop    sell U1,U2              = ok
    `)
    const list = await trader.expect<Correction[]>(200, 'GET', '/corrections')
    t.same(
      list.map(({ id, state }) => [id, state]),
      [[asked.id, 'done']],
    )
  })

  await t.test('history keeps what was taken back, and custody leaves it out', async (t) => {
    const unit = `/units/${encodeURIComponent(code('U1'))}`
    const { events, custody } = await app.operator.expect<History>(200, 'GET', `${unit}/history`)
    t.same(
      events.map(({ bizStep, takenBack }) => (takenBack ? `(${bizStep} by ${takenBack.by})` : bizStep)),
      [
        'commissioning',
        'packing',
        `(shipping by ${maker.id})`,
        `(receiving by ${trader.id})`,
        `(unpacking by ${trader.id})`,
        `(shipping by ${trader.id})`,
        `(receiving by ${shop.id})`,
        'shipping',
        'receiving',
        'retail_selling',
      ],
    )
    t.same(
      custody.map(({ holder }) => holder),
      [maker.id, shop.id],
    )
    const told = await app.operator.expect<{ eventCount: number }>(200, 'GET', unit)
    t.equal(told.eventCount, 5)
    await trader.expect(404, 'GET', unit, 'as if it had never been his')
    const shipped = await maker
      .expect<{ errorDeclarations: { reason: string; by: string }[] }>(
        200,
        'GET',
        `/events/${encodeURIComponent(eventID('trader ship U1'))}`,
      )
      .catch(() => undefined)
    t.equal(shipped, undefined, "another's event stays his")
    const event = await trader.expect<{ errorDeclarations: object[] }>(
      200,
      'GET',
      `/events/${encodeURIComponent(eventID('trader ship U1'))}`,
    )
    t.match(event.errorDeclarations, [{ reason: 'did_not_occur', by: trader.id, 'tamga:correction': String }])
  })

  await t.test('one says no, one says nothing', async (t) => {
    await play(`
      maker   commission U3           = ok
      maker   ship       U3 to shop   = ok
      shop    receive    U3           = ok
    `)
    const refused = await correction({ eventID: eventID('maker ship U3'), reason: 'incorrect_data' })
    const answered = await shop.expect<Correction>(201, 'POST', `/corrections/${refused.id}/answers`, { agree: false })
    t.equal(answered.state, 'refused')
    const second = await correction({ eventID: eventID('maker ship U3'), reason: 'incorrect_data' })
    clock.forward(limits.correctionAnswerDays * day)
    t.match(await maker.expect(200, 'GET', `/corrections/${second.id}`), { state: 'expired' })
    await shop.expect(409, 'POST', `/corrections/${second.id}/answers`, { agree: true })
    await play('? U3 active shop')
  })

  await t.test('who acts while others are asked keeps what he has', async (t) => {
    await play(`
      maker   commission U4           = ok
      maker   ship       U4 to trader = ok
      trader  receive    U4           = ok
    `)
    const asked = await correction({ eventID: eventID('maker ship U4'), reason: 'did_not_occur' })
    await play(`
      trader  ship       U4 to shop   = ok
      shop    receive    U4           = ok
    `)
    const agreed = await trader.expect<Correction>(201, 'POST', `/corrections/${asked.id}/answers`, { agree: true })
    t.equal(agreed.state, 'overtaken')
    await play('? U4 active shop')
    const anew = await correction({ eventID: eventID('maker ship U4'), reason: 'did_not_occur' })
    t.same(anew.of.length, 2)
  })

  await t.test('where nobody else has acted it is done at once', async (t) => {
    await play(`
      maker   commission U5           = ok
      maker   ship       U5 to trader = ok
    `)
    const { eventID: id } = { eventID: eventID('maker commission U5') }
    t.match(await correction({ eventID: id, reason: 'did_not_occur' }), { state: 'done', of: [] })
    await play('? U5 ordered')
    await maker.expect(409, 'POST', '/corrections', { eventID: id, reason: 'did_not_occur' })
    await rival.expect(404, 'POST', '/corrections', { eventID: id, reason: 'did_not_occur' })
  })

  await t.test('the window', async () => {
    await play(`
      maker   commission U6           = ok
      maker   ship       U6 to shop   = ok
    `)
    clock.forward(limits.undoWindowDays * day)
    await play('maker undo commission U6 = wrong_state')
    await play('maker undo ship U6 = ok')
    clock.forward(1)
    await play('maker undo commission U6 = wrong_state')
    await maker.expect(409, 'POST', '/corrections', {
      eventID: eventID('maker commission U6'),
      reason: 'did_not_occur',
    })
  })

  await t.test('a second ledger agrees', async (t) => {
    const report = await checkReplay(app.database.adminUrl)
    t.ok(report.compared > 5)
  })
})

t.test('error declarations at the door', async (t) => {
  const app = await testApp(t)
  const { play, actors, eventID } = await stage(app)
  const maker = actors.get('maker')!
  await play('maker commission U1,U2 = ok')
  const id = eventID('maker commission U1,U2')
  const { recordTime: _, ...event } = await maker.expect(200, 'GET', `/events/${encodeURIComponent(id)}`)
  const errorDeclaration = { declarationTime: new Date().toISOString(), reason: 'incorrect_data' }

  const other = await maker.expect<{ code: string; detail: string }>(400, 'POST', '/events', {
    ...event,
    disposition: 'encoded',
    errorDeclaration,
  })
  t.equal(other.code, 'event_rule')
  t.match(other.detail, /disposition/)
  const fewer = { ...event, epcList: (event['epcList'] as string[]).slice(1), errorDeclaration }
  t.match(await maker.expect(400, 'POST', '/events', fewer), { code: 'event_rule', errors: [{ path: '/epcList' }] })

  const first = await maker.expect(201, 'POST', '/events', { ...event, errorDeclaration })
  const again = await maker.expect(200, 'POST', '/events', { ...event, errorDeclaration })
  t.same(again, first, 'the same declaration again')
  const later = { ...errorDeclaration, declarationTime: new Date(Date.now() + 1).toISOString() }
  t.match(await maker.expect(409, 'POST', '/events', { ...event, errorDeclaration: later }), { code: 'wrong_state' })
  t.match(await maker.expect(200, 'POST', '/events', event), { eventID: id }, 'the event itself is still known')
})

t.test('a code that was used by mistake is as new', async (t) => {
  const app = await testApp(t)
  const { play, actors } = await stage(app, { units: 2 })
  const maker = actors.get('maker')!
  const counts = async () => {
    const orders = await maker.expect<{ quantity: number; used: number; voided: number }[]>(200, 'GET', '/code-orders')
    const order = orders.find(({ quantity }) => quantity === 2)
    return [order?.used, order?.voided]
  }
  await play('maker commission U1,U2 = ok')
  t.same(await counts(), [2, 0])
  await play('maker undo commission U1,U2 = ok')
  t.same(await counts(), [0, 0])
  await play('maker commission U2 = ok')
  t.same(await counts(), [1, 0])
  const { id } = (await maker.expect<{ id: string; quantity: number }[]>(200, 'GET', '/code-orders')).find(
    ({ quantity }) => quantity === 2,
  )!
  const closed = await maker.expect<{ eventID: string }>(200, 'POST', `/code-orders/${id}/close`)
  await play('maker commission U1 = withdrawn')
  const closing = { eventID: closed.eventID, reason: 'did_not_occur' }
  t.match(await maker.expect(422, 'POST', '/corrections', closing), { code: 'not_possible' }, 'closed for good')
})

t.test('a unit that got a new label keeps its past', async (t) => {
  const app = await testApp(t)
  const { play, actors, code } = await stage(app)
  const shop = actors.get('shop')!
  await play(`
    maker   commission U1 : lot=L7 expiryDate=2020-01-31 = ok
    maker   replace U1 with U2 = ok
    maker   replace U2 with U3 = ok
    maker   ship U3 to shop = ok
    shop    receive U3 = ok
    shop    sell U3 = expired
  `)
  const unit = (name: string) => `/units/${encodeURIComponent(code(name))}`
  const { events } = await shop.expect<{ events: { bizStep: string; code?: string }[] }>(
    200,
    'GET',
    `${unit('U3')}/history`,
  )
  t.same(
    events.map((event) => event.bizStep),
    ['commissioning', 'replacing', 'replacing', 'shipping', 'receiving'],
  )
  const told = await app.operator.expect<{ events: { code?: string }[] }>(200, 'GET', `${unit('U3')}/history`)
  const codes = told.events.map((event) => event.code)
  t.same(codes.slice(2), [undefined, undefined, undefined])
  t.ok(codes[0]?.includes('/21/') && codes[1]?.includes('/21/') && codes[0] !== codes[1])
  t.match(await app.operator.expect(200, 'GET', unit('U1')), { state: 'withdrawn', replacedBy: codes[1] })
  t.match(await app.operator.expect(200, 'GET', unit('U3')), { state: 'active', replaces: codes[1], eventCount: 5 })
})
