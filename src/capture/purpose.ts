import type { FastifyInstance } from 'fastify'
import { readCode } from '../gs1/read.ts'
import { digitalLink } from '../gs1/write.ts'
import { fieldProblem } from '../http/problem.ts'
import { actingFor, seesAll } from '../participants/actor.ts'
import type { RecordAct } from './act.ts'

/** Long enough for a case number and a sentence. */
const purposeLengthMax = 500

/**
 * Who may see everything says why he looks (api.md, "Who"): an authority's read that carries `Tamga-Purpose` becomes an entry of the
 * log `audit` before it is answered, so that a look that was recorded and one that was answered are the same thing.
 */
export function recordPurposes(app: FastifyInstance, recordAct: RecordAct, now: () => Date): void {
  app.addHook('preHandler', async (request) => {
    const purpose = request.headers['tamga-purpose']
    if (purpose === undefined || request.method !== 'GET' || !request.hasActor || !seesAll(actingFor(request.actor)))
      return
    if (typeof purpose !== 'string' || purpose.trim() === '' || purpose.length > purposeLengthMax) {
      throw fieldProblem('/tamga-purpose', `Say why in 1 to ${purposeLengthMax} characters.`)
    }
    const params: unknown = request.params
    const objects = typeof params === 'object' && params !== null ? Object.entries(params).map(withoutTail) : []
    await recordAct({
      kind: 'data_read',
      at: now(),
      actor: request.actor,
      subject: { purpose, route: request.routeOptions.url, objects },
    })
  })
}

/** A code as it was scanned has its tail, which is its owner's alone: what is looked at is named by its link. */
function withoutTail([name, value]: [string, unknown]): string {
  if (name !== 'code') return String(value)
  const { reading } = readCode(String(value))
  return reading?.kind === 'unit' || reading?.kind === 'logistic' ? digitalLink(reading) : 'what is no code'
}
