// The first operator: somebody has to register the others. Its key comes from the environment.
import type { Db } from '../db/connect.ts'
import type { OnAdministrativeAct } from './act.ts'
import type { KeyHasher } from './key.ts'
import * as keys from './key-store.ts'
import * as store from './store.ts'

export type FirstOperatorDeps = { db: Db; hasher: KeyHasher; now: () => Date; onAct: OnAdministrativeAct }

/** What became of OPERATOR_KEY. `withdrawn`: it was withdrawn before and stays so; another must be set. */
export type FirstOperatorResult = 'unchanged' | 'issued' | 'withdrawn'

/**
 * Makes the given key an operator's, and ends the former key that came this way. Registers the operator at the first
 * start. Starting again with the same key changes nothing.
 */
export async function ensureFirstOperator(deps: FirstOperatorDeps, operatorKey: string): Promise<FirstOperatorResult> {
  const { db, hasher, now, onAct } = deps
  const hash = hasher.hash(operatorKey.trim())
  return db.transaction().execute(async (tx) => {
    await keys.lockBootstrap(tx)
    const former = await keys.listBootstrapKeys(tx)
    const same = former.find((key) => hasher.equal(key.hash, hash))
    // A key that was withdrawn may have leaked: that it still stands in the environment does not bring it back.
    if (same) return same.revoked_at === null ? 'unchanged' : 'withdrawn'
    const operator = former[0]
      ? await store.findParticipant(tx, { no: former[0].participant_no })
      : await store.insertParticipant(tx, { name: 'Operator', country: 'KG', roles: ['operator'] })
    if (!operator) throw new Error('the first operator could not be registered')
    const participantNo = operator.no
    const key = await keys.insertKey(tx, {
      participantNo,
      hash,
      label: 'OPERATOR_KEY',
      kind: 'system',
      state: 'active',
      bootstrap: true,
    })
    if (!key) throw new Error('OPERATOR_KEY is the key of another participant. Set another one.')
    for (const old of former) {
      if (!(await keys.revokeKey(tx, old.no, now()))) continue
      await onAct({
        kind: 'key_withdrawn',
        at: now(),
        actor: undefined,
        subject: { participant: operator.id, key: old.id },
      })
    }
    await onAct({
      kind: 'key_issued',
      at: now(),
      actor: undefined,
      subject: { participant: operator.id, key: key.id, keyKind: 'system', state: 'active' },
    })
    return 'issued'
  })
}
