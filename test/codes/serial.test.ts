import t from 'tap'
import fc from 'fast-check'
import {
  idsPerOrder,
  orderNoOf,
  orderObjectId,
  ownSerial,
  randomOf,
  splitUnitId,
  unitId,
} from '../../src/codes/serial.ts'
import { isSerial } from '../../src/gs1/identifiers.ts'

t.test('an own serial is state, order number and random part in 15 characters', async (t) => {
  const cases: [orderNo: number, random: number, serial: string][] = [
    [1, 0, '400000100000000'],
    [35, 35, '400000Z0000000Z'],
    [36, 36 ** 8 - 1, '4000010ZZZZZZZZ'],
    [2 ** 31 - 1, 1, '4ZIK0ZJ00000001'],
  ]
  for (const [orderNo, random, serial] of cases) {
    t.equal(ownSerial('4', orderNo, random), serial)
    t.equal(orderNoOf('4', serial), orderNo)
    t.equal(randomOf(serial), random)
    t.ok(isSerial(serial))
  }
  t.throws(() => ownSerial('4', 1, 36 ** 8), RangeError, 'nothing is cut off silently')
})

t.test('what has another form is no own serial', async (t) => {
  const others = [
    '',
    '4',
    '40000010000000',
    '4000001000000000',
    '500000100000000',
    '4zzzzzz00000000',
    '4ZZZZZZ00000000',
    '4-00001AAAAAAAA',
  ]
  for (const serial of others) t.equal(orderNoOf('4', serial), -1, serial)
  t.equal(randomOf('4000001abcdefgh'), -1, 'lower case is another serial')
  t.equal(orderNoOf('5', '500000100000000'), 1, 'the state is configuration')
})

t.test('unit ids of an order are dense, follow its own id and never reach the next order', async (t) => {
  t.equal(orderObjectId(1), 2n ** 21n)
  t.equal(unitId(1, 0), 2n ** 21n + 1n)
  t.ok(unitId(7, 1_499_999) < orderObjectId(8))
  t.ok(unitId(2 ** 31 - 1, 1_499_999) < 2n ** 52n, 'below what is claimed without an order')
  t.same(splitUnitId(orderObjectId(7)), { orderNo: 7, rank: -1 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 0, max: idsPerOrder - 2 }),
      (orderNo, rank) => {
        const place = splitUnitId(unitId(orderNo, rank))
        return place.orderNo === orderNo && place.rank === rank
      },
    ),
  )
})

t.test('any order number and random part survive the serial', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 0, max: 36 ** 8 - 1 }),
      (orderNo, random) => {
        const serial = ownSerial('4', orderNo, random)
        return orderNoOf('4', serial) === orderNo && randomOf(serial) === random
      },
    ),
  )
})
