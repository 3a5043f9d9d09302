import type { Pool } from 'pg'
import { findEntry } from '../capture/store.ts'
import type { ResolvedUnit, Resolver } from '../codes/resolve.ts'
import { readWithContainers } from '../custody/load.ts'
import { recallOf } from '../custody/lots.ts'
import { standing, type State, type Step } from '../custody/object.ts'
import { findLots, findRecalls, findSale } from '../custody/store.ts'
import { markOf, systemOf } from '../gs1/foreign.ts'
import { type Reading, readCode } from '../gs1/read.ts'
import { Problem, type ProblemItem } from '../http/problem.ts'
import type { Directory } from '../participants/directory.ts'
import type { Catalogue } from '../products/catalogue.ts'
import type { PublicCheck } from './schema.ts'

export type PublicCheckDeps = {
  pool: Pool
  resolver: Resolver
  catalogue: Catalogue
  directory: Directory
  logNo: (name: string) => Promise<number>
}

type Status = PublicCheck['status']

const statusOf: Record<State, Status> = {
  ordered: 'not_on_market',
  encoded: 'not_on_market',
  active: 'known',
  opened: 'known',
  sold: 'sold',
  exported: 'not_on_market',
  destroyed: 'withdrawn',
  withdrawn: 'withdrawn',
  stolen: 'withdrawn',
  closed: 'withdrawn',
}

/**
 * What anybody may know about a code (api.md, GET /check): whether it is genuine as far as a code can tell, never whose it is. A copy
 * of a code looks like the code, and the words must not promise more than that.
 * @param count is told the unit before anything is looked up, and may refuse
 * @throws Problem code_malformed, gtin_check_digit where it cannot be read
 */
export async function checkPublicly(
  deps: PublicCheckDeps,
  text: string,
  count: (unit: string) => Promise<void> | undefined,
): Promise<PublicCheck> {
  const { reading, fault } = readCode(text)
  if (!reading) throw unreadable(fault, text)
  if (reading.kind === 'key') {
    const detail = 'This names a kind of goods, not one unit. Scan the square code on the unit itself.'
    throw unreadable({ code: 'code_malformed', detail }, text)
  }
  if (reading.kind === 'unit') await count(`${reading.gtin} ${reading.serial}`)
  const [answer] = await deps.resolver.resolve([reading])
  if (!answer) throw new Error('bad math: a code was not answered')
  if (answer.kind === 'fault' && answer.fault.code === 'code_malformed') {
    throw unreadable(answer.fault, text)
  }
  if (answer.kind !== 'unit') return { status: 'unknown', tail: 'absent', text: unknownText(reading) }
  const found = await deps.catalogue.byGtin(answer.gtin)
  const product = found && {
    gtin: found.gtin,
    name: found.name,
    group: found.group.id,
    originCountry: found.originCountry,
  }
  const { tail } = answer
  if (tail === 'forged') return { status: 'forged', tail, text: texts.forged }
  const log = await deps.logNo(answer.order?.log ?? found?.group.log ?? 'main')
  const steps = new Map<bigint, Step>()
  await readWithContainers(deps.pool, log, [answer.objectId], steps)
  const own = steps.get(answer.objectId)
  const standsAs = statusOf[own ? standing(own, (id) => steps.get(id)).state : 'ordered']
  const status = standsAs === 'known' && (await isRecalled(deps.pool, log, answer)) ? 'withdrawn' : standsAs
  return {
    status,
    tail,
    ...(product ? { product } : {}),
    ...(status === 'sold' ? { soldAt: await soldAt(deps, log, answer.objectId) } : {}),
    text: tail === 'absent' && status === 'known' ? `${texts.known} ${withoutTail}` : texts[status],
  }
}

/** A recall or block stands beside the steps: goods that nobody has touched since are withdrawn all the same. */
async function isRecalled(pool: Pool, log: number, { objectId, gtin }: ResolvedUnit): Promise<boolean> {
  const [lots, recalls] = await Promise.all([findLots(pool, log, [objectId]), findRecalls(pool, [gtin], [objectId])])
  const subject = { id: objectId, gtin, path: '', code: '', observe: false, orderedBy: null, orderObject: null }
  return recallOf(subject, lots.get(objectId), recalls) !== undefined
}

function unreadable(fault: Omit<ProblemItem, 'path' | 'value'>, value: string): Problem {
  const { code, detail, hint } = fault
  return new Problem(code, { detail, errors: [{ path: '/code', code, detail, value, ...(hint ? { hint } : {}) }] })
}

/** The day of the first sale, in the zone of the till, and the town: nothing that tells the shop. */
async function soldAt({ pool, directory }: PublicCheckDeps, log: number, id: bigint) {
  const position = await findSale(pool, log, id)
  if (position === undefined) throw new Error(`the object ${id} is sold by no entry`)
  const { eventTime, bytes, place } = await findEntry(pool, log, position)
  const [, sign, hours, minutes] = /"eventTimeZoneOffset":"([+-])(\d\d):(\d\d)"/.exec(bytes.toString('utf8')) ?? []
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1)
  const date = new Date(eventTime.getTime() + ahead).toISOString().slice(0, 10)
  const town = place === null ? undefined : (await directory.placeByNo(place))?.town
  return { date, ...(town === undefined ? {} : { town }) }
}

const texts: Record<Status, string> = {
  known:
    'This code is known and was not sold yet. A copy of the code would look the same: compare the goods with the product that is named here, and look at the seal.',
  not_on_market:
    'This code was issued, but goods with it are not on the market here. If it is on goods that are offered for sale, do not buy them and tell the seller or the authorities.',
  sold: 'This code is known, and a unit with it was sold already. If yours is another one, its code may be a copy: tell the seller or the authorities.',
  withdrawn: 'Goods with this code are withdrawn from the market. Do not buy or use them; ask the seller about it.',
  unknown: 'This code is not known here. It was never issued by this system, or it was misread: scan it once more.',
  forged:
    'The verification part of this code is wrong: it was not made by this system. Do not buy the goods, and tell the authorities.',
}

const withoutTail = 'Its verification part was not given; scan the whole code for a surer answer.'

function unknownText(reading: Reading): string {
  if (reading.kind === 'logistic') {
    return 'This is the label of a transport unit, not of goods for sale. Scan the square code on the unit itself.'
  }
  const system = systemOf(reading)
  if (system === undefined) return texts.unknown
  return `This is ${markOf(system)}, not in our register. This system cannot say anything about it; ask there.`
}
