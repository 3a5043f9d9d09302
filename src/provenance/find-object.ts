import type { Pool } from 'pg'
import type { Resolver, ResolvedUnit } from '../codes/resolve.ts'
import type { EventLedger } from '../capture/prepare.ts'
import { findLogsOf } from '../capture/store.ts'
import { readCode } from '../gs1/read.ts'
import { digitalLink } from '../gs1/write.ts'
import { codeProblem, Problem } from '../http/problem.ts'
import type { Catalogue, Product } from '../products/catalogue.ts'

/** An object that a question names, and where to look for its steps. */
export type FoundObject = {
  id: bigint
  log: number
  logName: string
  /** The canonical link. */
  code: string
  unit?: ResolvedUnit
  product?: Product
}

export type FindDeps = { pool: Pool; resolver: Resolver; catalogue: Catalogue; ledger: Pick<EventLedger, 'logNo'> }

/**
 * The object of a code in whatever form it was typed or scanned.
 * @throws Problem code_malformed, gtin_check_digit; not_found for what nobody here has ever ordered or packed
 */
export async function findObject(deps: FindDeps, text: string): Promise<FoundObject> {
  const { reading, fault } = readCode(text)
  if (!reading) throw codeProblem('/code', fault)
  const [answer] = await deps.resolver.resolve([reading])
  if (!answer) throw new Error('bad math: a code was not answered')
  if (answer.kind === 'fault') {
    if (answer.fault.code === 'code_malformed') throw codeProblem('/code', answer.fault)
    throw notFound()
  }
  if (answer.kind === 'logistic') {
    const logName = (await findLogsOf(deps.pool, [answer.objectId])).get(answer.objectId)
    if (logName === undefined) throw notFound()
    return {
      id: answer.objectId,
      log: await deps.ledger.logNo(logName),
      logName,
      code: digitalLink({ sscc: answer.sscc }),
    }
  }
  const product = await deps.catalogue.byGtin(answer.gtin)
  const logName = answer.order?.log ?? product?.group.log
  if (logName === undefined) throw notFound()
  return {
    id: answer.objectId,
    log: await deps.ledger.logNo(logName),
    logName,
    code: digitalLink({ gtin: answer.gtin, serial: answer.serial }),
    unit: answer,
    ...(product ? { product } : {}),
  }
}

export const notFound = (): Problem =>
  new Problem('not_found', { detail: 'There is no such object, or none that you may see. Check the code.' })
