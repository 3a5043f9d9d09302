// Stories as text: who does what to which goods, and what the service answers. A case is a line; an inspector can read it.
import { checkDigit } from '../../src/gs1/identifiers.ts'
import type { Role } from '../../src/participants/actor.ts'
import type { TestApp } from './app.ts'
import * as given from './given.ts'

/**
 * One line: `<who> <what> <goods> [in <container>] [to <whom>] [by <carrier>] [: <options>] = <answer>`
 *
 * Goods: U1 U2 … are units of the maker's order, C1 … cases (units of a case product), P1 … logistic units (SSCCs).
 * The answer is `ok`, or the problem code of the first thing that is refused.
 */
export type Cast = Record<string, { roles: Role[]; country?: string }>

export const usualCast: Cast = {
  maker: { roles: ['producer'] },
  trader: { roles: ['distributor'] },
  carrier: { roles: ['carrier'] },
  store: { roles: ['warehouse'] },
  shop: { roles: ['retailer'] },
  rival: { roles: ['producer', 'retailer', 'distributor'] },
  customs: { roles: ['customs'] },
}

const steps: Record<string, string> = {
  commission: 'commissioning',
  encode: 'encoding',
  pack: 'packing',
  unpack: 'unpacking',
  ship: 'shipping',
  receive: 'receiving',
  sell: 'retail_selling',
  destroy: 'destroying',
  withdraw: 'decommissioning',
  hold: 'holding',
  void: 'void_shipping',
}

export type Stage = {
  play(story: string): Promise<void>
  code(name: string): string
  actors: ReadonlyMap<string, given.GivenParticipant>
  gtin: string
}

let ssccs = 0

/** A number that no other call gives. */
export function sscc(): string {
  const digits = `04700000${String(++ssccs).padStart(9, '0')}`
  return digits + String(checkDigit(digits))
}

/** `offline=true time=-40m transfer=possession`: a time may be given as minutes before now. */
function optionsOf(text: string, code: (name: string) => string): Record<string, unknown> {
  const pairs = text
    .split(/\s+/)
    .filter(Boolean)
    .map((pair) => pair.split('=') as [string, string])
  return Object.fromEntries(
    pairs.map(([key, value]) => {
      if (key === 'except') return [key, value.split('+').map(code)]
      const minutes = /^-(\d+)m$/.exec(value)?.[1]
      if (minutes !== undefined) return [key, new Date(Date.now() - Number(minutes) * 60_000).toISOString()]
      return [key, value === 'true' ? true : value]
    }),
  )
}

export async function stage(
  app: TestApp,
  options: { cast?: Cast; group?: string; units?: number } = {},
): Promise<Stage> {
  const actors = new Map<string, given.GivenParticipant>()
  for (const [name, { roles, country }] of Object.entries(options.cast ?? usualCast)) {
    actors.set(name, await given.participant(app, { roles, name, ...(country === undefined ? {} : { country }) }))
  }
  const maker = actors.get('maker')
  if (!maker) throw new Error('a story needs a maker')
  const fields = options.group === undefined ? {} : { group: options.group }
  const unit = await given.product(maker, fields)
  const crate = await given.product(maker, {
    ...fields,
    name: 'Case of 12',
    contains: [{ gtin: unit.gtin, count: 12 }],
  })
  const codes = new Map<string, string>()
  const order = async (letter: string, gtin: string, quantity: number) => {
    const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
    const answer = await maker.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
    answer.body
      .trim()
      .split('\n')
      .forEach((code, i) => codes.set(`${letter}${i + 1}`, code))
  }
  await order('U', unit.gtin, options.units ?? 12)
  await order('C', crate.gtin, 4)
  const code = (name: string): string => {
    const known = codes.get(name)
    if (known !== undefined) return known
    if (!name.startsWith('P')) throw new Error(`there are no goods ${name}`)
    const fresh = `(00)${sscc()}`
    codes.set(name, fresh)
    return fresh
  }

  /** `? U1 sold shop`: what the goods are, and who holds them, as who may see all is told. */
  const lookAt = async (line: string): Promise<void> => {
    const [, goods = '', state, holder = ''] = line.split(/\s+/)
    const path = goods.startsWith('P') ? '/logistic-units/' : '/units/'
    const unit = await app.operator.expect<{ state: string; holder: string }>(
      200,
      'GET',
      path + encodeURIComponent(code(goods)),
    )
    const found = `${unit.state} ${unit.holder}`
    const wanted = `${state} ${actors.get(holder)?.id}`
    if (found !== wanted) throw new Error(`${line}\n  is ${found} instead of ${wanted}`)
  }

  const playLine = async (line: string): Promise<void> => {
    if (line.startsWith('?')) return lookAt(line)
    const match =
      /^(\w+)\s+(\w+)\s+([\w,]+)(?:\s+in\s+(\w+))?(?:\s+to\s+([\w:]+))?(?:\s+by\s+(\w+))?(?:\s*:\s*(.+?))?\s*=\s*(\w+)$/.exec(
        line,
      )
    if (!match) throw new Error(`not a line of a story: ${line}`)
    const [, who = '', what = '', goods = '', container, to, carrier, extra, wanted = ''] = match
    const actor = actors.get(who)
    if (!actor) throw new Error(`nobody is called ${who}`)
    const body = {
      step: steps[what] ?? what,
      codes: goods === 'all' ? [] : goods.split(',').map(code),
      ...(container === undefined ? {} : { parent: code(container) }),
      ...(to === undefined ? {} : { to: to.startsWith('outside') ? { name: to, country: 'KZ' } : actors.get(to)?.id }),
      ...(carrier === undefined ? {} : { carrier: actors.get(carrier)?.id }),
      ...optionsOf(extra ?? '', code),
    }
    const answer = await actor.call('POST', '/scans', body)
    const problem: { code?: string; detail?: string } = answer.statusCode < 300 ? {} : answer.json()
    const found = problem.code ?? 'ok'
    if (found !== wanted) throw new Error(`${line}\n  answered ${answer.statusCode} ${found}: ${problem.detail ?? ''}`)
  }

  return {
    actors,
    code,
    gtin: unit.gtin,
    play: async (story) => {
      for (const line of story.split('\n').map((text) => text.replace(/#.*/, '').trim())) {
        if (line !== '') await playLine(line)
      }
    },
  }
}
