import type { Limits } from '../config/limits.ts'

/**
 * Copies of marks, as far as times and places show them. Pure. Whatever is found here has an innocent explanation more often than not,
 * so each verdict names it, and what would show it.
 */

/** A place of the register: degrees, and how far from there it still is that place, in metres. */
export type Spot = { lat: number; lon: number; radiusM?: number }

/** One entry's word about an object: when (by its own clock, in milliseconds since 1970), where, and which device said so. */
export type Sighting = { position: number; atMs: number; spot: Spot | undefined; source: string; principal: number }

export type TravelLimits = Pick<
  Limits,
  | 'roadKmPerHour'
  | 'railKmPerHour'
  | 'railHoursMin'
  | 'airKmPerHour'
  | 'airHoursMin'
  | 'placeRadiusM'
  | 'samePlaceKm'
  | 'clockAheadMaxMs'
>

/** Mean radius of the earth (IUGG): the ellipsoid differs by less than 0.6 %. */
const earthKm = 6371.0088

const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** The great circle between two places less their radii, in kilometres; never negative. */
export function distanceKm(a: Spot, b: Spot, { placeRadiusM }: Pick<TravelLimits, 'placeRadiusM'>): number {
  const half = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2
  const h = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lon, b.lon)
  const between = 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(h)))
  const radiiKm = ((a.radiusM ?? placeRadiusM) + (b.radiusM ?? placeRadiusM)) / 1000
  return Math.max(0, between - radiiKm)
}

export const modes = ['road', 'rail', 'air'] as const
export type Mode = (typeof modes)[number]

/** How long a way takes at least, in hours, door to door. */
export function leastHours(km: number, mode: Mode, limits: TravelLimits): number {
  switch (mode) {
    case 'road':
      return km / limits.roadKmPerHour
    case 'rail':
      return limits.railHoursMin + km / limits.railKmPerHour
    case 'air':
      return limits.airHoursMin + km / limits.airKmPerHour
  }
}

/** The first way by which goods can have come so far in so many hours; `here`: they need not have moved. */
export function travel(km: number, hours: number, limits: TravelLimits): Mode | 'here' | 'impossible' {
  if (km <= limits.samePlaceKm) return 'here'
  return modes.find((mode) => leastHours(km, mode, limits) <= hours) ?? 'impossible'
}

export type Verdict = { code: CloneCode; other: Sighting; text: string }

export const cloneCodes = ['impossible_travel', 'sealed_elsewhere', 'two_custodians'] as const
export type CloneCode = (typeof cloneCodes)[number]

const hourMs = 3_600_000

/**
 * Whether an object can have been where it was seen, given where it was seen otherwise, before or after. Both clocks may be wrong.
 * @param others of the object, and of the containers that it was in
 */
export function judgeTravel(seen: Sighting, others: readonly Sighting[], limits: TravelLimits): Verdict | undefined {
  let worst: (Verdict & { missing: number }) | undefined
  for (const other of others) {
    if (!seen.spot || !other.spot) continue
    const km = distanceKm(seen.spot, other.spot, limits)
    const hours = (Math.abs(seen.atMs - other.atMs) + 2 * limits.clockAheadMaxMs) / hourMs
    if (travel(km, hours, limits) !== 'impossible') continue
    const missing = Math.min(...modes.map((mode) => leastHours(km, mode, limits))) - hours
    if (worst && worst.missing >= missing) continue
    const apart = Math.abs(seen.atMs - other.atMs) / 60_000
    const text = `Seen ${Math.round(km)} km apart within ${Math.round(apart)} minutes: not possible even by air.`
    worst = { code: 'impossible_travel', other, text, missing }
  }
  return worst && { code: worst.code, other: worst.other, text: worst.text }
}

/**
 * A mark that is seen by itself in one place while the container in which it is recorded was last seen in another.
 * @param container the container's last sighting with a place, not later than this one
 */
export function judgeSeal(seen: Sighting, container: Sighting | undefined, limits: TravelLimits): Verdict | undefined {
  if (!seen.spot || !container?.spot) return undefined
  const km = distanceKm(seen.spot, container.spot, limits)
  if (km <= limits.samePlaceKm) return undefined
  const text = `Seen ${Math.round(km)} km from where the container is in which it is recorded as packed.`
  return { code: 'sealed_elsewhere', other: container, text }
}

/** Somebody acts as custodian of what another has by the ledger's word. */
export function judgeCustody(seen: Sighting, before: Sighting | undefined, holder: number | null): Verdict | undefined {
  if (!before || holder === null || holder === seen.principal) return undefined
  const text = 'Two custodians at once: one acts with it while another is recorded as having it.'
  return { code: 'two_custodians', other: before, text }
}

/** A pair of sightings that exclude each other, by the devices that reported them. */
export type Pair = { source: string; otherSource: string }

/**
 * Whether one device's mistake (its clock, its place, an upload that is missing) cannot explain all contradictions about an object:
 * then two that know nothing of each other say the same.
 */
export function isSerious(pairs: readonly Pair[]): boolean {
  const [first, ...more] = pairs
  if (!first || more.length === 0) return false
  const common = [first.source, first.otherSource].some((source) =>
    more.every((pair) => pair.source === source || pair.otherSource === source),
  )
  return !common
}

/** What may explain it without anybody's fault, and what would show that. */
export const innocentCauses: Readonly<Record<CloneCode, readonly string[]>> = {
  impossible_travel: [
    'wrong place: the device was set to another place than where it was',
    'clock: the clock of one of the devices was wrong',
    'late upload: what happened in between was not reported yet',
  ],
  sealed_elsewhere: [
    'late upload: it was unpacked, and that was not reported yet',
    'wrong place: the device was set to another place than where it was',
    'packing list: it was never in this container',
  ],
  two_custodians: [
    'late upload: a delivery in between was not reported yet',
    'mistake: another unit was meant',
    'wrong account: the device acts for another firm than its own',
  ],
}

export const clearedBy: Readonly<Record<CloneCode, string>> = {
  impossible_travel:
    'The scan of the way in between, a corrected place or clock of the device, or a look at the goods.',
  sealed_elsewhere: 'The scan of the unpacking, a corrected packing list, or a look into the container.',
  two_custodians: 'The scan of the delivery, an error declaration, or a look at the goods.',
}
