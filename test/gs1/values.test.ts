import t from 'tap'
import { dateOf, decimalOf } from '../../src/gs1/values.ts'

t.test('decimals are in the identifier', (t) => {
  const table: [string, string, object | undefined][] = [
    ['3103', '001500', { number: '1.500' }],
    ['3100', '000012', { number: '12' }],
    ['3105', '000001', { number: '0.00001' }],
    ['3922', '0299', { number: '2.99' }],
    ['3922', '5', { number: '0.05' }],
    ['3932', '417012599', { number: '125.99', currency: '417' }],
    ['3932', '000012599', undefined],
    ['3940', '0012', { number: '12' }],
    ['30', '12', undefined],
  ]
  for (const [ai, value, expected] of table) t.same(decimalOf(ai, value), expected, `(${ai})${value}`)
  t.end()
})

t.test('the century of a date is the one near the present', (t) => {
  const now = new Date('2026-06-01T00:00:00Z')
  for (const [value, expected] of [
    ['260601', '2026-06-01'],
    ['240200', '2024-02-29'],
    ['250200', '2025-02-28'],
    ['760101', '2076-01-01'],
    ['770101', '1977-01-01'],
    ['000101', '2000-01-01'],
  ]) {
    t.equal(dateOf(value ?? '', now), expected)
  }
  t.equal(dateOf('100101', new Date('2075-01-01T00:00:00Z')), '2110-01-01')
  t.end()
})
