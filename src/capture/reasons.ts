import type { Pool } from 'pg'
import { createCached } from '../db/cached.ts'
import { fieldProblem } from '../http/problem.ts'
import { listReasons, type ReasonRow } from './reason-store.ts'
import type { Scan } from './schema.ts'

/** What a reason can be given for; the codes that each allows are rows of the table `reason`. */
export const reasonActs = ['destroy', 'withdraw', 'lose', 'surplus', 'leave', 'hold'] as const
export type ReasonAct = (typeof reasonActs)[number]

export type Reasons = {
  list(): Promise<readonly ReasonRow[]>
  /** @throws Problem field_invalid for a code that is not in the list of this act */
  check(act: ReasonAct, code: string, path: string): Promise<void>
}

/** The list as it was at most half a second ago. */
export function createReasons(pool: Pool, now: () => Date): Reasons {
  const cached = createCached<'all', readonly ReasonRow[]>({ load: () => listReasons(pool), now, entriesMax: 1 })
  const list = async () => (await cached.get('all')) ?? []
  return {
    list,
    check: async (act, code, path) => {
      const known = (await list()).filter((row) => row.act === act).map((row) => row.code)
      if (known.includes(code)) return
      throw fieldProblem(path, `There is no such reason. Choose one of: ${known.join(', ')} (GET /reasons).`)
    },
  }
}

/** What the reason of a scan is about: its disposition weighs more than its step. */
export function reasonActOf({
  step,
  disposition,
  to,
}: Pick<Scan, 'step' | 'disposition' | 'to'>): ReasonAct | undefined {
  if (disposition === 'stolen') return 'lose'
  if (step === 'destroying' || disposition === 'destroyed') return 'destroy'
  if (step === 'decommissioning') return 'withdraw'
  if (step === 'stock_taking') return 'surplus'
  if (step === 'holding') return 'hold'
  return step === 'shipping' && typeof to === 'object' ? 'leave' : undefined
}

/**
 * Why a scan was made, as its event records it. Who sends goods to somebody who is not registered and does not say why: to a buyer
 * abroad, or at home for his own use.
 * @param country of who sends
 * @throws Problem field_invalid
 */
export async function reasonOf(
  scan: Scan,
  reasons: Reasons,
  country: string,
  at: (field: string) => string,
): Promise<string | undefined> {
  const act = reasonActOf(scan)
  const outsider = typeof scan.to === 'object' ? scan.to : undefined
  if (outsider?.reason !== undefined && act !== 'leave') {
    throw fieldProblem(at('to/reason'), 'Such a reason belongs to shipping to who is not registered.')
  }
  const given = outsider?.reason ?? scan.reason
  const path = outsider?.reason === undefined ? at('reason') : at('to/reason')
  if (given !== undefined && act === undefined) {
    const detail =
      'A reason belongs to destroying, decommissioning, stock_taking, holding, a theft, or shipping to who is not registered.'
    throw fieldProblem(path, detail)
  }
  if (act !== undefined && given !== undefined) await reasons.check(act, given, path)
  if (given !== undefined || !outsider || act !== 'leave') return given
  return outsider.country === country ? 'own_use' : 'foreign_buyer'
}
