import t from 'tap'
import { createPool } from '../../src/db/connect.ts'
import { testDatabase } from '../support/database.ts'

const fail = (error: Error): never => {
  throw error
}

t.test('columns arrive as what they are', async (t) => {
  const { appUrl } = await testDatabase(t)
  const pool = createPool({ url: appUrl, role: undefined }, fail)
  t.teardown(() => pool.end())
  const { rows } = await pool.query(
    `select 9007199254740993::int8 as big, '{1,-2}'::int8[] as bigs, '{}'::int8[] as none, 0.10::numeric as money,
            date '2026-02-03' as day, current_user::text as who, current_schema()::text as schema`,
  )
  t.same(rows, [
    {
      big: 9007199254740993n,
      bigs: [1n, -2n],
      none: [],
      money: '0.10',
      day: '2026-02-03',
      who: 'tamga_app',
      schema: 'tamga',
    },
  ])
})
