import type { Resolved, Resolver } from '../codes/resolve.ts'
import type { Claim, FaultCode, Subject } from '../custody/claim.ts'
import type { Questions } from '../custody/questions.ts'
import type { Reading } from '../gs1/read.ts'
import { readCode } from '../gs1/read.ts'
import { digitalLink } from '../gs1/write.ts'
import { problems } from '../http/problem.ts'
import type { Directory } from '../participants/directory.ts'
import type { Catalogue } from '../products/catalogue.ts'
import type { SaleCheckResult } from './schema.ts'

export type SaleCheckDeps = {
  questions: Questions
  resolver: Resolver
  catalogue: Catalogue
  directory: Pick<Directory, 'sellingWith'>
  logNo: (name: string) => Promise<number>
  now: () => Date
}

/** A code on its way to an answer: either that is known, or the judge must look at its subject. */
type Asked = { result: SaleCheckResult; subject?: Subject; log?: string }

/**
 * Whether a participant may sell each of these codes now, and if not why: the judge itself says so, over the last steps, read in one
 * statement with those of whoever else asks, and without the lock. Nothing is recorded; the sale is judged again.
 */
export async function checkSale(
  deps: SaleCheckDeps,
  principal: number,
  codes: readonly string[],
): Promise<SaleCheckResult[]> {
  const read = codes.map((code) => readCode(code))
  const resolved = await deps.resolver.resolve(read.flatMap(({ reading }) => reading ?? []))
  let next = 0
  const asked = await Promise.all(
    read.map(async ({ reading, fault }, i): Promise<Asked> => {
      if (!reading) return { result: refusal(codes[i] ?? '', 'code_malformed', 'absent', fault.detail) }
      const answer = resolved[next++]
      if (!answer) throw new Error('bad math: a code was not answered')
      return ask(deps, codes[i] ?? '', reading, answer, i)
    }),
  )
  const faults = await judge(deps, principal, asked)
  return asked.map(({ result }, i) => {
    const fault = faults.get(String(i))
    return fault ? refusal(result.code, fault.code, result.tail, fault.detail) : result
  })
}

async function ask(deps: SaleCheckDeps, text: string, reading: Reading, answer: Resolved, i: number): Promise<Asked> {
  const product = reading.kind === 'unit' ? await deps.catalogue.byGtin(reading.gtin) : undefined
  const observe = product?.group.enforcement === 'observe'
  if (answer.kind === 'fault') {
    const { code, detail } = answer.fault
    const name = reading.kind === 'unit' ? digitalLink(reading) : text
    const result = refusal(name, code, 'absent', detail)
    // Where the law only observes, what nobody ordered may be sold; a misread code cannot be, it is not known what it says.
    return { result: observe && code === 'code_unknown' ? { ...result, maySell: true } : result }
  }
  if (answer.kind === 'logistic') {
    const detail = 'A logistic unit cannot be sold at a till. Scan the units in it.'
    return { result: refusal(digitalLink(answer), 'wrong_state', 'absent', detail) }
  }
  const { tail, order, gtin, serial } = answer
  const code = digitalLink({ gtin, serial })
  if (tail === 'forged') return { result: { ...refusal(code, 'code_forged', tail), maySell: observe } }
  const subject: Subject = {
    id: answer.objectId,
    gtin,
    path: String(i),
    code,
    observe,
    orderedBy: order?.participantNo ?? null,
    orderObject: order ? order.firstId - 1n : null,
  }
  return { result: { code, maySell: true, tail }, subject, log: order?.log ?? product?.group.log ?? 'main' }
}

/** What the judge would refuse, by the subject's path. Each log is asked once, and each object: it may be in the list twice. */
async function judge(deps: SaleCheckDeps, principal: number, asked: readonly Asked[]) {
  const byLog = new Map<string, Map<bigint, Subject[]>>()
  for (const { subject, log } of asked) {
    if (!subject || log === undefined) continue
    const subjects = byLog.get(log) ?? new Map<bigint, Subject[]>()
    byLog.set(log, subjects)
    const same = subjects.get(subject.id)
    if (same) same.push(subject)
    else subjects.set(subject.id, [subject])
  }
  const faults = new Map<string, { code: FaultCode; detail: string | undefined }>()
  for (const [log, subjects] of byLog) {
    const first = [...subjects.values()].flatMap(([subject]) => subject ?? [])
    const trusted = await deps.directory.sellingWith(principal)
    const parts = [{ act: 'sell' as const, subjects: first }]
    const claim: Claim = { principal, parts, trusted, eventTimeMs: deps.now().getTime() }
    for (const { subject, code, detail } of await deps.questions.ask(await deps.logNo(log), claim)) {
      for (const { path } of subjects.get(subject.id) ?? []) faults.set(path, { code, detail })
    }
  }
  return faults
}

const refusal = (
  code: string,
  reason: FaultCode,
  tail: SaleCheckResult['tail'],
  detail: string = problems[reason][2],
): SaleCheckResult => ({ code, maySell: false, reason, detail, tail })
