import { listActs } from '../declarations/act-store.ts'
import { type DecidedBody, type Lane, lanes, type Reason } from '../declarations/bodies.ts'
import { has, parseRanges } from '../declarations/ranges.ts'
import { outstanding, type Standing, standingOf, statusOf } from '../declarations/standing.ts'
import { findLastSteps } from '../custody/store.ts'
import { digitalLink } from '../gs1/write.ts'
import { checkTexts, goodsChecks } from '../inspection/checks.ts'
import { decideDeclaration } from '../risk/deciding.ts'
import { type Aboard, type AboardDeps, findAboard } from './aboard.ts'
import { mustNotLoad, provenanceOf } from './tell.ts'

/** What an officer does with what stands before him, from the lightest to the hardest. */
export const verbs = ['pass', 'park', 'open', 'hold'] as const
export type Verb = (typeof verbs)[number]

const harderVerb = (a: Verb, b: Verb): Verb => (verbs.indexOf(a) >= verbs.indexOf(b) ? a : b)

type ScanReason = {
  declaration?: string
  rule: string
  lane: Lane | null
  text: string
  item?: number
  codes?: string[]
}

const reasonsMax = 3
const codesMax = 5

/** One scan at the barrier: one verb for everything aboard, and all that is needed to act on it. */
export async function scanAtBarrier(deps: AboardDeps, code: string) {
  const found = await findAboard(deps, code)
  const standings: Standing[] = []
  for (const standing of found.standings) standings.push(await decided(deps, standing))
  const own = ownFaults(found, standings)
  const verb = standings.map(verbOf).reduce(harderVerb, own.verb)
  return {
    verb,
    text: sentences[verb],
    taken: found.kind,
    reasons: [...own.reasons, ...reasonsOf(standings)].slice(0, reasonsMax),
    open: verb === 'open' || verb === 'hold' ? await casesToOpen(deps, found, standings) : [],
    declarations: await Promise.all(standings.map((standing) => tellAboard(deps, standing))),
    ...(found.symbol ? { symbol: { genuine: found.symbol.genuine, version: found.symbol.facts.version } } : {}),
  }
}

const sentences: Readonly<Record<Verb, string>> = {
  pass: 'Let it pass.',
  park: 'Have it park: something is to be looked at first.',
  open: 'Open the cases that are named and scan the units in them.',
  hold: 'Hold it: it must not move as it is.',
}

/** What was never decided (a crash came in between) is decided now. */
async function decided(deps: AboardDeps, standing: Standing): Promise<Standing> {
  if (standing.lane !== null || standing.outcome) return standing
  return deps.exclusively(`declaration ${standing.id}`, async (client) => {
    const now = standingOf(standing.participant, await listActs(client, standing.id))
    return now.lane === null ? decideDeclaration(deps, client, now, 'scanned') : now
  })
}

/** Goods went where they were declared to, or on with them. */
const gone: readonly string[] = ['cleared', 'exited', 'arrived']

export function verbOf(standing: Standing): Verb {
  if (standing.outcome) return gone.includes(standing.outcome.body.outcome) ? 'pass' : 'hold'
  if (standing.hold || mustNotLoad(standing)) return 'hold'
  if (standing.released) return 'pass'
  return outstanding(standing).some(({ id }) => goodsChecks.includes(id)) ? 'open' : 'park'
}

const nothing = 'No open declaration goes by this. Have the declaration or another code scanned.'

/** What the scan itself shows, whatever was decided. */
function ownFaults(found: Aboard, standings: readonly Standing[]): { verb: Verb; reasons: ScanReason[] } {
  const fault = (verb: Verb, rule: string, text: string) => ({ verb, reasons: [{ rule, lane: null, text }] })
  const { symbol, goods, undeclared } = found
  if (symbol && !symbol.genuine) {
    return fault('hold', 'SYMBOL', 'This bar code was not made by this service, or was changed.')
  }
  if (standings.length === 0) {
    return fault('hold', 'UNDECLARED', goods ? 'These goods are in no open declaration.' : (found.fault ?? nothing))
  }
  if (undeclared > 0) {
    return fault('open', 'UNDECLARED', `${undeclared} of the units in what was scanned are in no declaration aboard.`)
  }
  if (goods && goods.bad.length > 0) return fault('open', 'UNDECLARED', 'This code was never issued, or is forged.')
  const named = standings.find(({ id }) => id === symbol?.facts.declaration)
  if (symbol && named && symbol.facts.digest !== named.current.body.digest) {
    const text = `The bar code is of version ${symbol.facts.version}; version ${named.current.body.version} counts.`
    return fault('park', 'SYMBOL', text)
  }
  return { verb: 'pass', reasons: [] }
}

/** The hardest first, each once. */
function reasonsOf(standings: readonly Standing[]): ScanReason[] {
  const found = new Map<string, { reason: ScanReason; weight: number }>()
  for (const standing of standings) {
    if (standing.outcome && !gone.includes(standing.outcome.body.outcome)) {
      const text = `Declaration ${standing.id} is closed: ${standing.outcome.body.outcome}.`
      found.set(text, { reason: { declaration: standing.id, rule: 'OUTCOME', lane: null, text }, weight: lanes.length })
    }
    if (standing.released && !standing.hold) continue
    for (const reason of standing.decisions.flatMap(({ body }) => body.reasons)) {
      found.set(`${standing.id} ${reason.rule} ${reason.item} ${reason.text}`, {
        reason: told(standing.id, reason),
        weight: reason.lane === null ? -1 : lanes.indexOf(reason.lane),
      })
    }
    for (const { body, position } of standing.raises) {
      const text = `An officer raised it to ${body.lane}: ${body.reason}.`
      const reason = { declaration: standing.id, rule: 'RAISED', lane: body.lane, text }
      found.set(`${standing.id} ${position}`, { reason, weight: lanes.indexOf(body.lane) })
    }
  }
  return [...found.values()].sort((a, b) => b.weight - a.weight).map(({ reason }) => reason)
}

const told = (declaration: string, { rule, lane, text, item, codes }: Reason): ScanReason => ({
  declaration,
  rule,
  lane,
  text,
  ...(item === undefined ? {} : { item }),
  ...(codes ? { codes: codes.slice(0, codesMax) } : {}),
})

type CaseToOpen = { declaration: string; case: string | null; units: string[]; scanned: boolean }

/** The cases in which the units that the machine drew are now, however they were packed when they were declared. */
async function casesToOpen(deps: AboardDeps, { goods }: Aboard, standings: readonly Standing[]): Promise<CaseToOpen[]> {
  const here = (goods?.parts ?? []).flatMap(({ units }) => units)
  const found: CaseToOpen[] = []
  for (const standing of standings) {
    const sample = standing.decisions.at(-1)?.body
    if (!sample || verbOf(standing) !== 'open') continue
    const parents = await parentsOf(deps, standing, sample)
    const ids = [...new Set(parents.values())]
    const names = await deps.resolver.describe(ids.flatMap((id) => id ?? []))
    const cases = new Map(ids.flatMap((id) => id ?? []).map((id, i) => [id, names[i]]))
    for (const id of ids) {
      const units = [...parents].flatMap(([unit, parent]) => (parent === id ? [unit] : []))
      const name = id === null ? undefined : cases.get(id)
      const links = (await deps.resolver.describe(units)).flatMap((unit) => (unit ? [digitalLink(unit)] : []))
      const scanned = units.some((unit) => has(here, unit))
      found.push({ declaration: standing.id, case: name ? digitalLink(name) : null, units: links, scanned })
    }
  }
  // What is before the officer comes first.
  return found.sort((a, b) => Number(b.scanned) - Number(a.scanned))
}

async function parentsOf(
  { pool, ledgerNo }: AboardDeps,
  { current }: Standing,
  { sample }: DecidedBody,
): Promise<Map<bigint, bigint | null>> {
  const parents = new Map<bigint, bigint | null>()
  const { parts } = current.body.goods
  for (const log of new Set(parts.map((part) => part.log))) {
    const units = parts.filter((part) => part.log === log).flatMap((part) => parseRanges(part.units))
    const ids = sample.map(BigInt).filter((id) => has(units, id))
    for (const id of ids) parents.set(id, null)
    for (const step of await findLastSteps(pool, await ledgerNo(log), ids)) parents.set(step.id, step.parent)
  }
  return parents
}

async function tellAboard(deps: AboardDeps, standing: Standing) {
  const { content, version, declarant, goods } = standing.current.body
  const presented = standing.presentations.at(-1)?.body.content
  const gtins = [...new Set(goods.parts.map(({ gtin }) => gtin))]
  const products = await Promise.all(gtins.map((gtin) => deps.goodsDeps.catalogue.byGtin(gtin)))
  return {
    id: standing.id,
    reference: content.reference,
    version,
    flow: content.flow,
    status: statusOf(standing),
    lane: standing.lane,
    verb: verbOf(standing),
    declarant,
    consignor: content.consignor,
    consignee: content.consignee,
    releasedAt: standing.released?.at.toISOString() ?? null,
    checks: outstanding(standing).map(({ id }) => ({ id, text: checkTexts[id] ?? id })),
    compare: {
      plate: content.transport.id,
      ...(presented && presented.vehicle !== content.transport.id ? { presentedPlate: presented.vehicle } : {}),
      containers: content.containers ?? [],
      seals: content.seals ?? [],
      ...(presented?.seals ? { presentedSeals: presented.seals } : {}),
      packages: goods.containers,
      lines: content.items.map(({ number, hsCode, originCountry, quantity, unit, grossMassKg }) => ({
        number,
        hsCode,
        originCountry,
        quantity: String(quantity),
        unit,
        ...(grossMassKg === undefined ? {} : { grossMassKg: String(grossMassKg) }),
      })),
      labels: products.flatMap((product) =>
        product ? [{ gtin: product.gtin, name: product.name, originCountry: product.originCountry }] : [],
      ),
    },
    provenance: provenanceOf(standing),
  }
}
