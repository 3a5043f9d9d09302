// All SQL about reasons.
import type { Pool } from 'pg'

export type ReasonRow = { act: string; code: string; text: string }

export async function listReasons(pool: Pool): Promise<ReasonRow[]> {
  const { rows } = await pool.query<ReasonRow>({
    name: 'capture_reasons',
    text: 'select act, code, text from reason order by act, code',
  })
  return rows
}
