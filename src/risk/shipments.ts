// How long shipments of one firm to another usually take: what is late on one way is usual on another (indicator P14).
import type { Pool } from 'pg'
import { codesOf, eventOf } from '../capture/recorded-event.ts'
import type { Resolver } from '../codes/resolve.ts'
import { readCode } from '../gs1/read.ts'
import * as store from './shipment-store.ts'

export type ShipmentDeps = { pool: Pool; resolver: Resolver }
export type Way = { log: number; sender: number; addressee: number; before: number; at: Date }

const yearMs = 365 * 86_400_000
const hourMs = 3_600_000
/** Of older ones nothing is read: these say enough. */
const shipmentsMax = 60
/** Fewer say nothing of the slowest twentieth. */
const shipmentsLeast = 20
/** A receipt may be uploaded a day late: what usually takes an hour is not late before. */
const hoursLeast = 24

/**
 * Hours within which 95 of a hundred shipments of this sender to this addressee were received, by those of the last year.
 * @returns undefined where fewer than twenty were
 */
export async function usualHours(deps: ShipmentDeps, way: Way): Promise<number | undefined> {
  const from = new Date(way.at.getTime() - yearMs)
  const shipments = await store.findShipments(deps.pool, { ...way, from }, shipmentsMax)
  if (shipments.length < shipmentsLeast) return undefined
  // One object of each: what was shipped together is received together, and long lists stand elsewhere.
  const readings = shipments.flatMap(({ position, recordTime, bytes }) => {
    const reading = readCode(codesOf(eventOf(bytes))[0] ?? '').reading
    return reading ? [{ position, recordTime, reading }] : []
  })
  const resolved = await deps.resolver.resolve(readings.map(({ reading }) => reading))
  const shipped = readings.flatMap(({ position, recordTime }, i) => {
    const answer = resolved[i]
    return answer && answer.kind !== 'fault' ? [{ position, recordTime, id: answer.objectId }] : []
  })
  const arrivals = await store.findArrivals(deps.pool, way.log, shipped, way.before)
  const hours = shipped.flatMap(({ position, recordTime }) => {
    const arrived = arrivals.get(position)
    return arrived ? [(arrived.getTime() - recordTime.getTime()) / hourMs] : []
  })
  return hours.length < shipmentsLeast ? undefined : Math.max(hoursLeast, nearestRank(hours, 0.95))
}

/** The smallest of them that a share of all does not exceed. */
export function nearestRank(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
