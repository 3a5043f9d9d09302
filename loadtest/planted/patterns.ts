// Each indicator's pattern, planted into a consignment: what is declared then, and by whom.
import type { Caller } from '../../test/support/app.ts'
import { declaration } from '../../test/border/load.ts'
import { consignment, hour, order, told, type World } from './traffic.ts'

export type Planted = { by: Caller; body: Record<string, unknown> }

export type Pattern = {
  id: string
  kind: 'deterministic' | 'statistical'
  plant: (world: World) => Promise<Planted>
}

const price = ({ random }: World): number => {
  // Box and Muller: prices of honest goods scatter by a tenth.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return 10 * Math.exp(0.1 * normal)
}

export function declared(
  world: World,
  codes: readonly string[],
  pieces: number,
  changes = {},
  item = {},
  each = price(world),
): Planted {
  const value = { amount: (each * pieces).toFixed(2), currency: 'USD' }
  const parties = { consignor: world.exporter.id, consignee: { name: 'Buyer', country: 'KZ' } }
  return { by: world.exporter, body: declaration(codes, pieces, { ...parties, ...changes }, { value, ...item }) }
}

export async function clean(world: World): Promise<Planted> {
  const { sscc, codes } = await consignment(world)
  return declared(world, [sscc], codes.length)
}

/** A unit out of its pallet, in the exporter's hands. */
async function loose(world: World) {
  const made = await consignment(world)
  await world.exporter.call('POST', '/scans', { codes: [made.sscc], step: 'receiving' })
  const [unit = ''] = made.codes
  await world.devices[0]?.expect(201, 'POST', '/scans', {
    codes: [unit],
    step: 'unpacking',
    parent: made.sscc,
    place: world.places.warehouse,
    time: new Date(Date.now() - 2 * hour).toISOString(),
    offline: true,
  })
  return { ...made, unit }
}

const ago = (hours: number): string => new Date(Date.now() - hours * hour).toISOString()

export const patterns: readonly Pattern[] = [
  {
    id: 'P01',
    kind: 'deterministic',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      const [fresh = ''] = await order(world, world.border.product.gtin, 2)
      return declared(
        world,
        world.random() < 0.5 ? [sscc, fresh] : [sscc, `(01)${world.border.product.gtin}(21)4FALSE`],
        codes.length,
      )
    },
  },
  {
    id: 'P02',
    kind: 'deterministic',
    plant: async (world) => {
      const { codes, sscc } = await consignment(world)
      await world.exporter.call('POST', '/scans', { codes: [sscc], step: 'receiving' })
      await world.exporter.expect(201, 'POST', '/scans', { codes: [codes[0]], step: 'destroying' })
      return declared(world, codes, codes.length)
    },
  },
  {
    id: 'P03',
    kind: 'deterministic',
    plant: async (world) => {
      const { codes, sscc } = await consignment(world)
      const [shop, other] = world.shops
      await world.exporter.call('POST', '/scans', { codes: [sscc], step: 'receiving' })
      await world.exporter.expect(201, 'POST', '/scans', { codes: [codes[0]], step: 'unpacking', parent: sscc })
      await world.exporter.expect(201, 'POST', '/scans', { codes: [codes[0]], step: 'shipping', to: shop?.id })
      await shop?.expect(201, 'POST', '/scans', { codes: [codes[0]], step: 'receiving' })
      const receipt = (till: string) => ({
        till,
        number: String(Math.floor(world.random() * 1e12)),
        time: new Date().toISOString(),
        lines: [{ code: codes[0] }],
        offline: true,
      })
      await shop?.expect(201, 'POST', '/receipts', receipt('1'))
      await other?.expect(201, 'POST', '/receipts', receipt('2'))
      return declared(world, codes, codes.length)
    },
  },
  {
    id: 'P04',
    kind: 'statistical',
    plant: async (world) => {
      const { codes, unit } = await loose(world)
      const [, second, third] = world.devices
      const look = (device: Caller | undefined, place: string, hours: number) =>
        device?.expect(201, 'POST', '/scans', {
          codes: [unit],
          step: 'inspecting',
          place,
          time: ago(hours),
          offline: true,
        })
      await look(second, world.places.far, 1)
      await look(third, world.places.warehouse, 0.5)
      return declared(world, codes, codes.length)
    },
  },
  {
    id: 'P05',
    kind: 'deterministic',
    plant: async (world) => {
      const codes = await order(world, world.observed.gtin, world.units)
      await world.maker.expect(201, 'POST', '/scans', {
        codes,
        step: 'commissioning',
        time: ago(6),
        place: world.places.factory,
      })
      await world.exporter.expect(201, 'POST', '/scans', {
        codes: [codes[0]],
        step: 'shipping',
        to: world.shops[0]?.id,
        time: ago(3),
      })
      return { ...declared(world, codes, codes.length), by: world.maker }
    },
  },
  {
    id: 'P07',
    kind: 'deterministic',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      const first = declared(world, [sscc], codes.length)
      await first.by.expect(201, 'POST', '/declarations', first.body)
      return declared(world, codes.slice(0, Math.ceil(codes.length / 2)), Math.ceil(codes.length / 2))
    },
  },
  {
    id: 'P08',
    kind: 'deterministic',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      return declared(world, [sscc], codes.length, {}, { originCountry: 'KZ' })
    },
  },
  {
    id: 'P09',
    kind: 'deterministic',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      return declared(world, [sscc], codes.length, {}, { hsCode: '2202100000' })
    },
  },
  {
    id: 'P10',
    kind: 'deterministic',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      return declared(world, [sscc], codes.length + (world.random() < 0.5 ? 1 : -1))
    },
  },
  {
    id: 'P12',
    kind: 'statistical',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      return declared(world, [sscc], codes.length, {}, {}, price(world) * (0.4 + 0.25 * world.random()))
    },
  },
  {
    id: 'P13',
    kind: 'statistical',
    plant: async (world) => {
      const codes = await order(world, world.observed.gtin, world.units)
      await world.maker.expect(201, 'POST', '/scans', { codes, step: 'commissioning', time: ago(71) })
      await world.exporter.expect(201, 'POST', '/scans', { codes, step: 'receiving', time: ago(2) })
      return declared(world, codes, codes.length)
    },
  },
  {
    id: 'P17',
    kind: 'deterministic',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      await world.exporter.call('POST', '/scans', { codes: [sscc], step: 'receiving', place: world.places.warehouse })
      await world.devices[1]?.expect(201, 'POST', '/scans', {
        codes: [codes[0]],
        step: 'inspecting',
        place: world.places.far,
      })
      return declared(world, [sscc], codes.length)
    },
  },
  {
    id: 'P19',
    kind: 'statistical',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world, { units: world.units * 6 })
      return declared(world, [sscc], codes.length)
    },
  },
  {
    id: 'P20',
    kind: 'statistical',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world)
      return { ...declared(world, [sscc], codes.length), by: world.cheat }
    },
  },
  {
    id: 'P21',
    kind: 'statistical',
    plant: (world) =>
      Promise.resolve(
        declared(world, [], 10, {}, { hsCode: `${7000 + Math.floor(world.random() * 900)}`, originCountry: 'CN' }),
      ),
  },
  {
    id: 'P27',
    kind: 'deterministic',
    plant: async (world) => {
      const { sscc, codes } = await consignment(world, { hoursAgo: 90 + 10 * world.random() })
      return declared(world, [sscc], codes.length)
    },
  },
  {
    // The last, for the clock goes on by weeks: shipped, and never received.
    id: 'P14',
    kind: 'statistical',
    plant: async (world) => {
      const codes = await order(world, world.border.product.gtin, world.units)
      await world.maker.expect(201, 'POST', '/scans', {
        codes,
        step: 'commissioning',
        time: told(world, Date.now() - hour),
      })
      await world.maker.expect(201, 'POST', '/scans', { codes, step: 'shipping', to: world.exporter.id })
      return declared(world, codes, codes.length)
    },
  },
]

/** Every indicator at once, as an office would have it that trusts nobody. */
export const everyRule = (units: number) =>
  [
    ['P01', 'led.unknownCodes > 0.0 || led.forgedCodes > 0.0 || led.uncommissioned > 0.0'],
    [
      'P02',
      'led.sold > 0.0 || led.destroyed > 0.0 || led.withdrawn > 0.0 || led.stolen > 0.0 || led.recalled > 0.0 || led.expired > 0.0 || led.exported > 0.0',
    ],
    ['P03', 'led.doubleTerminal > 0.0'],
    ['P04', 'led.travelUnits > 0.0'],
    ['P05', 'led.custodianUnits > 0.0'],
    ['P07', 'decl.parallelUnits > 0.0'],
    ['P08', 'led.otherOriginUnits > 0.0'],
    ['P09', 'led.hsSame < 4.0'],
    ['P10', 'led.piecesOver > 0.0 || (led.piecesShort > 0.0 && !(led.breakage >= led.piecesShort))'],
    ['P12', 'item.priceZ < -3.5'],
    ['P13', 'led.gapHours > 48.0'],
    ['P14', 'led.shipmentAgeRatio > 2.0'],
    ['P17', 'led.brokenSeals > 0.0'],
    ['P19', `led.commissionPeakPerHour > ${units * 4}.0`],
    ['P20', 'decl.partyScore > 0.25'],
    ['P21', 'item.relation > 3.0'],
    ['P27', 'led.clockFaults > 0.0'],
  ].map(([id, when]) => ({ id, when, lane: 'red', legalBasis: 'test', disclosure: 'none' }))
