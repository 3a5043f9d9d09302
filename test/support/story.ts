// Stories as text: who does what to which goods, and what the service answers. A case is a line; an inspector can read it.
import { randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import { checkDigit } from '../../src/gs1/identifiers.ts'
import { readCode } from '../../src/gs1/read.ts'
import { digitalLink } from '../../src/gs1/write.ts'
import type { Role } from '../../src/participants/actor.ts'
import type { Caller, TestApp, TestClock } from './app.ts'
import * as given from './given.ts'

/**
 * One line: `<who> <what> <goods> [in <container>] [to <whom>] [by <carrier>] [: <options>] = <answer>`
 *
 * Goods: U1 U2 … are units of the maker's order, C1 … cases (units of a case product), P1 … logistic units (SSCCs).
 * The answer is `ok`, or the problem code of the first thing that is refused.
 *
 * Who acts for another is `<agent> for <principal>`.
 *
 * `<who> lets <agent> <what,…> [of U|C] = <answer>` gives a mandate, for one GTIN perhaps; `<who> ends <agent> = <answer>` takes the
 * newest back; `<who> voids <goods> <reason>` and `<who> closes U|C` are about codes and their order; `<who> pours <goods> <quantity>`
 * sells a part; `later 2s` lets time pass.
 *
 * `<who> undo <what> <goods> [of <whom>] = <answer>` takes the newest such event back; `<who> replace U1,U2 with U3,U4` re-marks.
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
  /** The id of the newest event of a line: `maker ship U1`. */
  eventID(line: string): string
  actors: ReadonlyMap<string, given.GivenParticipant>
  gtin: string
}

/** The code as events name it, without its tail. */
export function link(code: string): string {
  const { reading } = readCode(code)
  if (reading?.kind !== 'unit' && reading?.kind !== 'logistic') throw new Error(`not goods: ${code}`)
  return digitalLink(reading)
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
  options: { cast?: Cast; group?: string; units?: number; clock?: TestClock; product?: Record<string, unknown> } = {},
): Promise<Stage> {
  const actors = new Map<string, given.GivenParticipant>()
  for (const [name, { roles, country }] of Object.entries(options.cast ?? usualCast)) {
    actors.set(name, await given.participant(app, { roles, name, ...(country === undefined ? {} : { country }) }))
  }
  const maker = actors.get('maker')
  if (!maker) throw new Error('a story needs a maker')
  const fields = { ...(options.group === undefined ? {} : { group: options.group }), ...options.product }
  const unit = await given.product(maker, fields)
  const crate = await given.product(maker, {
    ...fields,
    name: 'Case of 12',
    contains: [{ gtin: unit.gtin, count: 12 }],
  })
  const codes = new Map<string, string>()
  const orders = new Map<string, string>()
  const order = async (letter: string, gtin: string, quantity: number) => {
    const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
    orders.set(letter, id)
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
    const wanted = `${state} ${holder === '' ? null : actors.get(holder)?.id}`
    if (found !== wanted) throw new Error(`${line}\n  is ${found} instead of ${wanted}`)
  }

  const eventIDs = new Map<string, string>()
  const eventID = (line: string): string => {
    const known = eventIDs.get(line)
    if (known === undefined) throw new Error(`nothing was recorded by: ${line}`)
    return known
  }

  const firm = (who: string): given.GivenParticipant => {
    const actor = actors.get(who)
    if (!actor) throw new Error(`nobody is called ${who}`)
    return actor
  }
  const actorOf = (who: string): Caller => {
    const [agent = '', principal] = who.split(/\s+for\s+/)
    return principal === undefined ? firm(agent) : app.as(firm(agent).key, { 'tamga-for': firm(principal).id })
  }

  const mandates = new Map<string, string>()
  const until = () => new Date((options.clock?.now() ?? new Date()).getTime() + 86_400_000).toISOString()
  const gtinOf: Record<string, string> = { U: unit.gtin, C: crate.gtin }
  /** What is no scan: mandates, codes and their order. */
  const aside = async (line: string): Promise<boolean> => {
    const [, text = '', verdict = ''] = /^(.+?)\s*=\s*(\w+)$/.exec(line) ?? []
    const [who = '', what = '', whom = '', how = '', , of] = text.split(/\s+/)
    switch (what) {
      case 'lets': {
        const gtins = of === undefined ? {} : { gtins: [gtinOf[of]] }
        const body = { to: firm(whom).id, may: how.split(','), until: until(), ...gtins }
        const answer = await firm(who).call('POST', '/mandates', body)
        if (answer.statusCode === 201) mandates.set(whom, answer.json<{ id: string }>().id)
        verify(line, answer, verdict)
        return true
      }
      case 'ends':
        verify(line, await firm(who).call('DELETE', `/mandates/${mandates.get(whom) ?? ''}`), verdict)
        return true
      case 'voids': {
        const path = `/code-orders/${orders.get(whom.slice(0, 1)) ?? ''}/voids`
        verify(line, await firm(who).call('POST', path, { codes: whom.split(',').map(code), reason: how }), verdict)
        return true
      }
      case 'pours': {
        const lines = [{ code: code(whom), quantity: how }]
        const receipt = { till: '1', number: randomUUID(), time: new Date().toISOString(), lines }
        verify(line, await actorOf(who).call('POST', '/receipts', receipt), verdict)
        return true
      }
      case 'closes':
        verify(line, await firm(who).call('POST', `/code-orders/${orders.get(whom) ?? ''}/close`), verdict)
        return true
    }
    return false
  }

  /** The event as the service shows it, with an error declaration. */
  const undo = async (who: string, id: string) => {
    const shown = await app.operator.expect(200, 'GET', `/events/${encodeURIComponent(id)}`)
    const { recordTime: _, errorDeclarations: __, ...event } = shown
    const errorDeclaration = { declarationTime: new Date().toISOString(), reason: 'did_not_occur' }
    return actorOf(who).call('POST', '/events', { ...event, errorDeclaration })
  }

  const replace = (who: string, inputs: string, outputs: string) =>
    actorOf(who).call('POST', '/events', {
      '@context': 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
      type: 'TransformationEvent',
      eventTime: new Date().toISOString(),
      eventTimeZoneOffset: '+06:00',
      eventID: `urn:uuid:${randomUUID()}`,
      bizStep: 'replacing',
      inputEPCList: inputs.split(',').map((name) => link(code(name))),
      outputEPCList: outputs.split(',').map((name) => link(code(name))),
    })

  function verify(line: string, answer: LightMyRequestResponse, wanted: string): void {
    const problem: { code?: string; detail?: string } = answer.statusCode < 300 ? {} : answer.json()
    const found = problem.code ?? 'ok'
    if (found !== wanted) throw new Error(`${line}\n  answered ${answer.statusCode} ${found}: ${problem.detail ?? ''}`)
  }

  const playLine = async (line: string): Promise<void> => {
    if (line.startsWith('?')) return lookAt(line)
    const seconds = /^later (\d+)s$/.exec(line)?.[1]
    if (seconds !== undefined) return options.clock?.forward(Number(seconds) * 1_000)
    if (await aside(line)) return
    const [, undoer = '', act = '', whose, verdict = ''] =
      /^(\w+)\s+undo\s+(\w+\s+[\w,]+)(?:\s+of\s+(\w+))?\s*=\s*(\w+)$/.exec(line) ?? []
    if (undoer) {
      const id = eventID(`${whose ?? undoer} ${act.replace(/\s+/, ' ')}`)
      return verify(line, await undo(undoer, id), verdict)
    }
    const [, marker = '', old = '', fresh = '', marked = ''] =
      /^(\w+)\s+replace\s+([\w,]+)\s+with\s+([\w,]+)\s*=\s*(\w+)$/.exec(line) ?? []
    if (marker) {
      const answer = await replace(marker, old, fresh)
      if (answer.statusCode < 300) eventIDs.set(`${marker} replace ${old}`, answer.json<{ eventID: string }>().eventID)
      return verify(line, answer, marked)
    }
    const match =
      /^(\w+(?:\s+for\s+\w+)?)\s+(\w+)\s+([\w,]+)(?:\s+in\s+(\w+))?(?:\s+to\s+([\w:]+))?(?:\s+by\s+(\w+))?(?:\s*:\s*(.+?))?\s*=\s*(\w+)$/.exec(
        line,
      )
    if (!match) throw new Error(`not a line of a story: ${line}`)
    const [, who = '', what = '', goods = '', container, to, carrier, extra, wanted = ''] = match
    const body = {
      step: steps[what] ?? what,
      codes: goods === 'all' ? [] : goods.split(',').map(code),
      ...(container === undefined ? {} : { parent: code(container) }),
      ...(to === undefined ? {} : { to: to.startsWith('outside') ? { name: to, country: 'KZ' } : actors.get(to)?.id }),
      ...(carrier === undefined ? {} : { carrier: actors.get(carrier)?.id }),
      ...optionsOf(extra ?? '', code),
    }
    const answer = await actorOf(who).call('POST', '/scans', body)
    if (answer.statusCode < 300) {
      eventIDs.set(`${who} ${what} ${goods}`, answer.json<{ eventID: string }>().eventID)
    }
    verify(line, answer, wanted)
  }

  return {
    actors,
    code,
    eventID,
    gtin: unit.gtin,
    play: async (story) => {
      for (const line of story.split('\n').map((text) => text.replace(/#.*/, '').trim())) {
        if (line !== '') await playLine(line)
      }
    },
  }
}
