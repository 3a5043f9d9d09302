// The resolver against a plain Map: whatever codes come together, warm or cold, each gets its own answer.
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { claimUnits } from '../../src/codes/claim-units.ts'
import { codeLines } from '../../src/codes/download.ts'
import type { Resolved } from '../../src/codes/resolve.ts'
import { unitId } from '../../src/codes/serial.ts'
import { inTransaction } from '../../src/codes/store.ts'
import { isSerial } from '../../src/gs1/identifiers.ts'
import { cigarettes, openBundle, read, vodka, type Bundle } from './bundle.ts'

/** What the test expects, in a word: the object and what is said of the tail, or why there is none. */
const word = (answer: Resolved): string => {
  if (answer.kind === 'fault') return answer.fault.hint ?? answer.fault.code
  return answer.kind === 'unit' ? `${answer.objectId} ${answer.tail}` : String(answer.objectId)
}

const forge = (code: string) => code.slice(0, -1) + (code.endsWith('5') ? '6' : '5')
const swapCase = (letters: string) => letters.replace(/[A-Za-z]/g, (c) => (c < 'a' ? c.toLowerCase() : c.toUpperCase()))

/** Codes of every sort with the word that each must get. */
async function createModel(bundle: Bundle): Promise<Map<string, string>> {
  const { maker } = bundle.actors
  const model = new Map<string, string>()
  const brought = Array.from({ length: 40 }, (_, i) => `b${i}-${'x'.repeat(i % 8)}`)
  for (const [gtin, what] of [
    [vodka, 2_100],
    [vodka, 60],
    [cigarettes, 1_100],
    [vodka, brought],
    [cigarettes, brought],
  ] as const) {
    const { id } = await bundle.order(maker, gtin, what)
    const { rows } = await bundle.pool.query<{ no: number }>('select no from code_order where id = $1', [id])
    const order = await bundle.resolver.order(rows[0]?.no ?? 0)
    if (!order) throw new Error('no order')
    const codes = (await text(codeLines(bundle.context, order, 'text'))).trimEnd().split('\n')
    codes.forEach((code, rank) => {
      const [unit = '', key = '', check = ''] = code.split('\x1d')
      const objectId = unitId(order.no, rank)
      model.set(code, `${objectId} valid`)
      model.set(unit, `${objectId} absent`)
      // With a signature the reader itself refuses what AI 91 became: more than 90 characters.
      if (gtin === vodka) model.set(`${unit}\x1d${key}${check}`, 'lost_gs')
      if (!/[a-z]/.test(check.slice(2)) && !/[A-Z]/.test(check.slice(2))) return
      model.set(forge(code), `${objectId} forged`)
      model.set(`${unit}\x1d${key}\x1d92${swapCase(check.slice(2))}`, 'changed_case')
      if (unit.length <= 18 + 14) model.set(`${unit}${key}\x1d${check}`, 'lost_gs')
    })
  }
  const claimed = ['c1', 'c2'].flatMap((serial) => (isSerial(serial) ? [{ gtin: vodka, serial }] : []))
  const ids = await inTransaction(bundle.pool, (client) => claimUnits(client, claimed))
  claimed.forEach(({ gtin, serial }, i) => model.set(`01${gtin}21${serial}`, `${ids[i]} absent`))
  for (let i = 0; i < 50; i++) {
    model.set(`01${vodka}21unknown${i}`, 'code_unknown')
    model.set(`01${vodka}214${i.toString().padStart(14, '0')}`, 'code_unknown')
  }
  model.set('00046006700000000018', '-46006700000000018')
  return model
}

t.test('any thirty codes, by a process that is warm and by one that is not', async (t) => {
  const bundle = await openBundle(t)
  const model = await createModel(bundle)
  const warm = await bundle.openProcess()
  const codes = fc.array(fc.constantFrom(...model.keys()), { minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(codes, fc.boolean(), async (chosen, fresh) => {
      const { resolver } = fresh ? await bundle.openProcess() : warm
      const answers = await resolver.resolve(chosen.map(read))
      answers.forEach((answer, i) => {
        const [is, expected] = [word(answer), model.get(chosen[i] ?? '')]
        if (is !== expected) throw new Error(`${JSON.stringify(chosen[i])}: ${is} instead of ${expected}`)
      })
      const named = answers.flatMap((answer) => (answer.kind === 'unit' ? [answer] : []))
      const names = await resolver.describe(named.map((answer) => answer.objectId))
      names.forEach((name, i) => {
        const same = name && 'serial' in name && name.serial === named[i]?.serial && name.gtin === named[i]?.gtin
        if (!same) throw new Error(`${named[i]?.objectId} is called ${JSON.stringify(name)}`)
      })
    }),
    { numRuns: 150 },
  )
  t.pass(`${model.size} codes`)
})
