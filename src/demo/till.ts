// At the till: a sale, a second one of the same bottle elsewhere, a forged code, and what the buyer's telephone says.
import { Type } from 'typebox'
import type { Actor } from './actors.ts'
import { type Answer, DemoError, inWords, problemOf } from './client.ts'
import type { Stage } from './story.ts'
import { wrapped } from './tell.ts'

const Recorded = Type.Object({ eventID: Type.String() })

const receipt = (number: string, time: string, code: string) => ({
  till: '1',
  number,
  time,
  lines: [{ code, price: '450.00', quantity: 1 }],
})

export async function sellBottle({ tell, cast, tally, at }: Stage, bottle: string): Promise<void> {
  const { shop } = cast
  await shop.scanner.ask(Recorded, 'POST', '/receipts', receipt('000118', at(7, '18:42'), bottle))
  tally.events += 1
  tell.say(`  ${shop.name} sells one of them, receipt 000118`)
}

/** Both must be refused, and for the right reason; what is shown are the service's own words. */
export async function catchCopyAndForgery({ tell, cast, goods, at }: Stage, bottle: string): Promise<void> {
  const { shop, otherShop } = cast
  tell.say(`  ${otherShop.name} in ${otherShop.town} offers a bottle with a copy of the same code, 83 minutes later:`)
  const copy = receipt('004205', at(7, '20:05'), bottle)
  tell.say(wrapped(await refusal(otherShop, copy, 'already_sold')))
  tell.say(`  ${shop.name} scans a bottle whose verification tail somebody made up:`)
  const genuine = goods.cases[0]?.bottles[0]
  if (genuine === undefined) throw new DemoError('There is no bottle to forge.')
  tell.say(wrapped(await refusal(shop, receipt('000119', at(7, '19:10'), forged(genuine)), 'code_forged')))
}

/** The answer in words; it must be the refusal that is expected. */
async function refusal({ scanner }: Actor, body: unknown, wanted: string): Promise<string> {
  const answer = await scanner.call('POST', '/receipts', body)
  const { code, errors } = problemOf(answer.body)
  const codes = [code, ...errors.map((error) => error.code)]
  if (answer.status !== 409 || !codes.includes(wanted)) {
    throw new DemoError(`The till should have been told ${wanted}, and was answered ${wordsOf(answer)}`)
  }
  return wordsOf(answer)
}

function wordsOf(answer: Answer): string {
  if (answer.status < 400) return `${answer.status}: recorded.`
  const { detail, errors } = problemOf(answer.body)
  const more = errors.filter((error) => error.detail !== detail).map((error) => `(${error.detail})`)
  return [inWords(answer), ...more.slice(0, 1)].join(' ')
}

/** The last character of AI 92 changed: everything else about the code is genuine. */
function forged(code: string): string {
  const last = code.at(-1)
  return code.slice(0, -1) + (last === 'A' ? 'B' : 'A')
}

const Check = Type.Object({ status: Type.String(), text: Type.String() })

/** GET /check needs no key: anyone with a telephone may ask. */
export async function showPublicCheck({ tell, operator, goods }: Stage, bottle: string): Promise<void> {
  const anyone = operator.as(undefined)
  const other = goods.cases.at(-1)?.bottles[0] ?? bottle
  tell.say('\n  What a buyer reads on the telephone, without a key:')
  for (const [what, code] of [
    ['the bottle that was sold', bottle],
    ['a bottle at the wholesaler', other],
    ['the forgery', forged(bottle)],
  ] as const) {
    const { status, text } = await anyone.ask(Check, 'GET', `/check/${encodeURIComponent(code)}`)
    tell.say(`  ${what}: ${status}\n${wrapped(text)}`)
  }
}
