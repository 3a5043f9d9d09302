// The way that goods went, drawn on the land that is shipped with the service: no tile is asked of anybody.
import { createRequire } from 'node:module'
import { geoGraticule10, geoMercator, geoPath, type GeoProjection } from 'd3-geo'
import type { Feature, Geometry, Position } from 'geojson'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import { createLru } from '../codes/lru.ts'
import { h, type Html } from './html.ts'

export type Stop = { lat: number; lon: number; name: string }

const width = 720
const height = 360
/** Degrees that a map shows at least: a warehouse and the shop next door are still in a country. */
const leastSpan = 8

type Atlas = Topology<{ countries: GeometryCollection }>

const Shape = Type.Object({ type: Type.Literal('Topology'), objects: Type.Object({ countries: Type.Object({}) }) })
const isAtlas = (value: unknown): value is Atlas => Value.Check(Shape, value)

type Country = { shape: Feature; west: number; south: number; east: number; north: number }
type Detail = '50m' | '110m'
const loaded: Partial<Record<Detail, readonly Country[]>> = {}

/** Read once: three quarters of a megabyte. Nobody should wait for it, so it may be asked for before the first map. */
export function countries(detail: Detail = '50m'): readonly Country[] {
  const known = loaded[detail]
  if (known) return known
  const read: unknown = createRequire(import.meta.url)(`world-atlas/countries-${detail}.json`)
  if (!isAtlas(read)) throw new Error('world-atlas is not as this service knows it')
  return (loaded[detail] = feature(read, read.objects.countries).features.map((shape) => ({
    shape,
    ...boundsOf(shape.geometry),
  })))
}

/** Of one over the date line: all the way round, so that it is always drawn. */
function boundsOf(geometry: Geometry): Omit<Country, 'shape'> {
  const rings: Position[][] =
    geometry.type === 'Polygon'
      ? geometry.coordinates
      : geometry.type === 'MultiPolygon'
        ? geometry.coordinates.flat()
        : []
  const bounds = { west: 180, south: 90, east: -180, north: -90 }
  for (const [lon = 0, lat = 0] of rings.flat()) {
    bounds.west = Math.min(bounds.west, lon)
    bounds.east = Math.max(bounds.east, lon)
    bounds.south = Math.min(bounds.south, lat)
    bounds.north = Math.max(bounds.north, lat)
  }
  return bounds
}

/** Most of the world is not in the picture, and need not be projected. */
const meets = (country: Country, [west, south]: readonly number[], [east, north]: readonly number[]): boolean =>
  country.south < (north ?? 90) &&
  country.north > (south ?? -90) &&
  country.west < (east ?? 180) &&
  country.east > (west ?? -180)

/** @param stops in the order of the way @param label what it shows, for who does not see it */
export function drawMap(stops: readonly Stop[], label: string): Html {
  const [first] = stops
  if (!first) return h``
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
${landIn(projection)}
<path class="way" d="${way}"/>
${places.map(({ x, y }, i) => h`<circle class="${i === places.length - 1 ? 'stop last' : 'stop'}" cx="${x}" cy="${y}" r="${i === places.length - 1 ? 8 : 6}"/>`)}
${captions(places)}
</svg></figure>`
}

/** Maps of the same region are many, and projecting its land takes a fiftieth of a second. */
const lands = createLru<string, Html>(8_000_000, ({ text }) => text.length)
/** Degrees across beyond which coasts are drawn coarsely: more would be a hundred kilobytes that nobody can see. */
const coarseFrom = 25

/** The grid and the countries that are in the picture. */
function landIn(projection: GeoProjection): Html {
  const key = `${projection.scale()} ${projection.translate().join(' ')}`
  const known = lands.get(key)
  if (known) return known
  const path = geoPath(projection).digits(1)
  const corners = [projection.invert?.([0, height]) ?? [-180, -90], projection.invert?.([width, 0]) ?? [180, 90]]
  const [west = -180, east = 180] = [corners[0]?.[0], corners[1]?.[0]]
  const land = countries(east - west > coarseFrom ? '110m' : '50m').filter((country) =>
    meets(country, corners[0] ?? [], corners[1] ?? []),
  )
  const drawn = h`<path class="grid" d="${path(geoGraticule10()) ?? ''}"/>
${land.map(({ shape }) => h`<path class="land" d="${path(shape) ?? ''}"/>`)}`
  lands.set(key, drawn)
  return drawn
}

type Box = { x: number; y: number; width: number; height: number }

/** Letters are drawn up to this large, on a phone, in units of the picture. */
const letter = { width: 12.5, height: 26 }
const captionMax = 22

/** Names beside their places, each where it covers no place and no other name; one that finds no room is left out. */
function captions(places: readonly (Stop & { x: number; y: number })[]): Html[] {
  const taken: Box[] = places.map(({ x, y }) => ({ x: x - 9, y: y - 9, width: 18, height: 18 }))
  return places.flatMap(({ x, y, name }) => {
    const shown = name.length > captionMax ? `${name.slice(0, captionMax - 1)}…` : name
    const size = { width: shown.length * letter.width, height: letter.height }
    const boxes: Box[] = [
      { ...size, x: x + 13, y: y - 13 },
      { ...size, x: x - 13 - size.width, y: y - 13 },
      { ...size, x: x - size.width / 2, y: y - 40 },
      { ...size, x: x - size.width / 2, y: y + 14 },
    ]
    const box = boxes.find(
      (at) =>
        at.x > 0 &&
        at.x + at.width < width &&
        at.y > 0 &&
        at.y + at.height < height &&
        taken.every((other) => !overlap(at, other)),
    )
    if (!box) return []
    taken.push(box)
    const [anchor, at] =
      box.x >= x ? ['start', box.x] : box.x + box.width <= x ? ['end', box.x + box.width] : ['middle', x]
    return [h`<text x="${at}" y="${box.y + 19}" text-anchor="${anchor}">${shown}</text>`]
  })
}

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

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
