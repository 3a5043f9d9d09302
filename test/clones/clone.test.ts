// Marks in two places: what is possible by road, rail and air, and what one device's mistake explains.
import t from 'tap'
import { distanceKm, isSerious, judgeTravel, type Sighting, type Spot, travel } from '../../src/clones/clone.ts'
import { limits } from '../../src/config/limits.ts'

const towns: Record<string, Spot> = {
  Bishkek: { lat: 42.8746, lon: 74.5698 },
  Osh: { lat: 40.5283, lon: 72.7985 },
  Karakol: { lat: 42.4907, lon: 78.3936 },
  Almaty: { lat: 43.2389, lon: 76.8897 },
  Moscow: { lat: 55.7558, lon: 37.6173 },
  Minsk: { lat: 53.9006, lon: 27.559 },
  Vladivostok: { lat: 43.1198, lon: 131.8869 },
  Suva: { lat: -18.1416, lon: 178.4419 },
  Apia: { lat: -13.8333, lon: -171.7667 },
}

// from | to | kilometres, rounded: by the haversine formula, less two yards of 500 m
const distances = `
  Bishkek | Bishkek     | 0
  Bishkek | Osh         | 299
  Bishkek | Karakol     | 316
  Bishkek | Almaty      | 192
  Bishkek | Moscow      | 2980
  Minsk   | Vladivostok | 7062
  Suva    | Apia        | 1144
`

t.test('how far places are from each other', async (t) => {
  for (const line of lines(distances)) {
    const [from = '', to = '', wanted] = line
    const [a, b] = [towns[from], towns[to]]
    if (!a || !b) throw new Error(`no such town: ${line.join(' ')}`)
    const km = distanceKm(a, b, limits)
    t.ok(Math.abs(km - Number(wanted)) <= Math.max(2, Number(wanted) * 0.005), `${from} to ${to}: ${Math.round(km)} km`)
    t.equal(distanceKm(b, a, limits), km, 'it is as far back')
  }
  const wide = { ...(towns['Bishkek'] as Spot), radiusM: 250_000 }
  t.ok(distanceKm(wide, towns['Osh'] as Spot, limits) < 50, 'less their radii')
})

// kilometres | hours | by what it can have come
const ways = `
  0     | 0    | here
  4.9   | 0    | here
  5.1   | 0    | impossible
  5.1   | 0.05 | road
  110   | 1    | road
  110.1 | 1    | impossible
  300   | 2.7  | impossible
  300   | 2.8  | road
  600   | 3.6  | impossible
  600   | 3.7  | air
  2000  | 16.4 | air
  2980  | 6.2  | impossible
  2980  | 6.4  | air
  2980  | 28   | road
  6902  | 10   | impossible
  6902  | 11   | air
  6902  | 300  | road
`

t.test('by what goods can have come so far in so many hours', async (t) => {
  for (const line of lines(ways)) {
    const [km, hours, wanted] = line
    t.equal(travel(Number(km), Number(hours), limits), wanted, line.join(' | '))
  }
  // Where roads are bad and trains are fast, rail is what remains: the table follows the limits.
  t.equal(travel(1_000, 11, { ...limits, roadKmPerHour: 50, airHoursMin: 20 }), 'rail')
})

// here, minutes | there, minutes … | the place that contradicts, or -
const lives = `
  Osh 60       | Bishkek 0               | impossible
  Osh 150      | Bishkek 0               | -
  Bishkek 0    | Osh 60                  | impossible
  Bishkek 60   | Bishkek 0               | -
  Osh 600      | Bishkek 0, Karakol 580  | impossible
  Moscow 600   | Bishkek 0               | -
  Moscow 300   | Bishkek 0               | impossible
  Osh 60       |                         | -
`

t.test('what was seen elsewhere, before or after', async (t) => {
  const read = (text = ''): Sighting => {
    const [town = '', minutes] = text.split(' ')
    return { position: 0, atMs: Number(minutes) * 60_000, spot: towns[town], source: 'key 1', principal: 1 }
  }
  for (const [here, there = '', wanted] of lines(lives)) {
    const others = there.split(',').flatMap((text) => (text.trim() === '' ? [] : [read(text.trim())]))
    const verdict = judgeTravel(read(here), others, limits)
    t.equal(verdict?.code ?? '-', wanted === '-' ? '-' : 'impossible_travel', `${here} after ${there}`)
  }
  const unplaced: Sighting = { ...read('Osh 0'), spot: undefined }
  t.equal(judgeTravel(unplaced, [read('Bishkek 0')], limits), undefined, 'without a place nothing is said')
})

// the devices of each contradiction | serious
const pairs = `
  a-b             | no
  a-b, b-c        | no
  a-b, b-c, d-b   | no
  a-b, c-d        | yes
  a-b, b-c, c-a   | yes
  a-a             | no
  a-b, a-b, a-b   | no
`

t.test('two that know nothing of each other', async (t) => {
  for (const [text = '', wanted] of lines(pairs)) {
    const found = text.split(',').map((pair) => {
      const [source = '', otherSource = ''] = pair.trim().split('-')
      return { source, otherSource }
    })
    t.equal(isSerious(found), wanted === 'yes', text)
  }
})

function lines(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
}
