// The way that goods went, drawn on the land that is shipped with the service: no tile is asked of anybody.
import { createRequire } from 'node:module'
import { geoGraticule10, geoMercator, geoPath } from 'd3-geo'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { feature, mesh } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import { h, type Html } from './html.ts'

export type Stop = { lat: number; lon: number; name: string }

const width = 720
const height = 360
/** Degrees that a map shows at least: a warehouse and the shop next door are still in a country. */
const leastSpan = 8

type Atlas = Topology<{ countries: GeometryCollection; land: GeometryCollection }>

const Shape = Type.Object({
  type: Type.Literal('Topology'),
  objects: Type.Object({ countries: Type.Object({}), land: Type.Object({}) }),
})

let loaded: { land: ReturnType<typeof feature>; borders: ReturnType<typeof mesh> } | undefined

/** Read once, when the first map is drawn: three quarters of a megabyte that many installations never need. */
function atlas(): NonNullable<typeof loaded> {
  if (loaded) return loaded
  const read: unknown = createRequire(import.meta.url)('world-atlas/countries-50m.json')
  if (!isAtlas(read)) throw new Error('world-atlas is not as this service knows it')
  return (loaded = {
    land: feature(read, read.objects.land),
    borders: mesh(read, read.objects.countries, (a, b) => a !== b),
  })
}

const isAtlas = (value: unknown): value is Atlas => Value.Check(Shape, value)

/** @param stops in the order of the way @param label what it shows, for who does not see it */
export function drawMap(stops: readonly Stop[], label: string): Html {
  const [first] = stops
  if (!first) return h``
  const { land, borders } = atlas()
  const projection = geoMercator().fitExtent(
    [
      [60, 45],
      [width - 60, height - 45],
    ],
    frame(stops),
  )
  projection.clipExtent([
    [-5, -5],
    [width + 5, height + 5],
  ])
  const path = geoPath(projection).digits(1)
  const places = distinct(stops).flatMap((stop) => {
    const at = projection([stop.lon, stop.lat])
    return at ? [{ ...stop, x: Math.round(at[0]), y: Math.round(at[1]) }] : []
  })
  const way = path({ type: 'LineString', coordinates: stops.map(({ lon, lat }) => [lon, lat]) }) ?? ''
  return h`<figure class="map"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<path class="grid" d="${path(geoGraticule10()) ?? ''}"/>
<path class="land" d="${path(land) ?? ''}"/>
<path class="borders" d="${path(borders) ?? ''}"/>
<path class="way" d="${way}"/>
${places.map(({ x, y }, i) => h`<circle class="${i === places.length - 1 ? 'stop last' : 'stop'}" cx="${x}" cy="${y}" r="${i === places.length - 1 ? 8 : 6}"/>`)}
${captions(places)}
</svg></figure>`
}

/** Names beside their places, each where no other stands yet. */
function captions(places: readonly (Stop & { x: number; y: number })[]): Html[] {
  const taken: { x: number; y: number }[] = []
  return places.map(({ x, y, name }) => {
    const left = x > width * 0.6
    const options = [y + 5, y - 16, y + 26, y - 36, y + 46]
    const line =
      options.find((at) => taken.every((other) => Math.abs(other.y - at) > 18 || Math.abs(other.x - x) > 190)) ?? y
    taken.push({ x, y: line })
    const shown = name.length > 26 ? `${name.slice(0, 25)}…` : name
    return h`<text x="${left ? x - 13 : x + 13}" y="${line}"${left ? h` text-anchor="end"` : ''}>${shown}</text>`
  })
}

const distinct = (stops: readonly Stop[]): Stop[] => {
  const byPlace = new Map<string, Stop>()
  for (const stop of stops) {
    const key = `${stop.lat} ${stop.lon}`
    byPlace.delete(key)
    byPlace.set(key, stop)
  }
  return [...byPlace.values()]
}

/** The corners of what is shown, as points: a polygon around them could be read as the rest of the world. */
function frame(stops: readonly Stop[]) {
  const lons = stops.map(({ lon }) => lon)
  const lats = stops.map(({ lat }) => lat)
  const widen = (values: readonly number[], least: number): [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const missing = Math.max(0, least - (high - low)) / 2
    return [low - missing, high + missing]
  }
  const [west, east] = widen(lons, leastSpan)
  const [south, north] = widen(lats, leastSpan / 2)
  return {
    type: 'MultiPoint' as const,
    coordinates: [
      [Math.max(-180, west), Math.max(-80, south)],
      [Math.min(180, east), Math.min(80, north)],
    ],
  }
}
