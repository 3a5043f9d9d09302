// Whose code may be drawn. The service must not become a press for forgers (design D3): the order's owner gets the symbol of any
// of his codes; anyone else only of a code that he gives with its correct tail, and so holds already.
import { readCode } from '../gs1/read.ts'
import { codeProblem, fieldProblem, Problem } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import { accessTo } from './access.ts'
import type { Resolver } from './resolve.ts'
import type { SymbolCode } from './symbol.ts'
import { makeTail } from './tail.ts'

/**
 * The code to draw, with its tail.
 * @throws Problem code_malformed, gtin_check_digit, code_forged, not_found
 */
export async function symbolCode(resolver: Resolver, actor: Actor, text: string): Promise<SymbolCode> {
  const { reading, fault } = readCode(text)
  if (fault) throw codeProblem('/code', fault)
  const [answer] = await resolver.resolve([reading])
  if (answer?.fault?.code === 'code_malformed') throw codeProblem('/code', answer.fault)
  if (answer?.kind !== 'unit' || answer.order === undefined) throw notFound()
  const { gtin, serial, order, tail } = answer
  if (tail === 'forged') throw fieldProblem('/code', 'The verification tail of this code is wrong.', 'code_forged')
  if (tail === 'absent' && accessTo(actor, order) !== 'owner') throw notFound()
  return { gtin, serial, tail: makeTail(order.tailKey, gtin, serial) }
}

const notFound = () =>
  new Problem('not_found', {
    detail:
      'No symbol of this code is yours to have. Give the code with its verification tail, as it stands on the goods.',
  })
