/**
 * What rules may speak of: facts, named and typed. A fact that is missing is unknown, never a default; a rule that reads it says
 * nothing then, unless it asks with `has()`.
 */

export type FactType = 'string' | 'double' | 'bool' | 'list<string>'
export type FactSpec = { type: FactType; text: string; indicator?: string }

const text = (text: string, indicator?: string): FactSpec => ({
  type: 'string',
  text,
  ...(indicator ? { indicator } : {}),
})
const count = (text: string, indicator?: string): FactSpec => ({
  type: 'double',
  text,
  ...(indicator ? { indicator } : {}),
})
const yes = (text: string, indicator?: string): FactSpec => ({
  type: 'bool',
  text,
  ...(indicator ? { indicator } : {}),
})
const list = (text: string, indicator?: string): FactSpec => ({
  type: 'list<string>',
  text,
  ...(indicator ? { indicator } : {}),
})

export const vocabulary = {
  decl: {
    flow: text('import, export or transit'),
    office: text('The office of declaration'),
    procedure: text('The procedure code; 40 for import, 10 for export, T1 for transit where none is named'),
    mode: text('The mode of transport as declared'),
    declarant: text('Id of the declarant'),
    declarantCountry: text('Country of the declarant'),
    consignor: text('Id of the consignor, or its name where it is not registered'),
    consignorCountry: text('Country of the consignor'),
    consignee: text('Id of the consignee, or its name'),
    consigneeCountry: text('Country of the consignee'),
    route: list('The route as declared'),
    departure: text('Where the route begins, as declared'),
    processType: text('Code of the process, where the declaring system has one'),
    importType: text('Code of the kind of import, where the declaring system has one'),
    importUse: text('Code of the use, where the declaring system has one'),
    paymentType: text('Code of the payment, where the declaring system has one'),
    courier: text('The courier, where the declaring system names one'),
    documents: list('Types of the documents'),
    permits: list('Types of the documents that have a number and are not over'),
    expiredDocuments: count('Documents that were valid until an earlier day; unknown where none says until when'),
    grossMassKg: count('Declared gross mass of all lines; unknown where one has none'),
    presentedElsewhere: yes('Presented at an office that is neither that of the declaration nor on its route'),
    lines: count('How many lines it has'),
    seals: count('How many seals are declared'),
    paper: yes('It was keyed in from paper'),
    authorised: yes('The declarant is an authorised operator, not suspended'),
    combinationApproved: yes('The combination of parties, product and route is approved and in date'),
    relodged: count('How many declarations of this flow named some of these units before'),
    unfinishedLane: text(
      'The hardest lane that was drawn or ordered for an earlier declaration of these goods and never carried out; none where there is none',
    ),
    parallelUnits: count('Units that another open declaration of this flow names too', 'P07'),
    strangerUnits: count(
      'Units that the declarant neither owns nor holds, is not addressed for and has no mandate for',
      'P07',
    ),
    substitutedUnits: count('Presented units that were not in the set frozen at lodgement', 'P07'),
    absentUnits: count('Units of the frozen set that were not among those presented'),
    sealsDiffer: yes('Seals at the presentation are others than declared'),
    partyScore: count("Upper bound of the share of the declarant's inspections that differed, decayed", 'P20'),
    partyResults: count('How many inspections of the declarant that rests on, decayed', 'P20'),
  },
  item: {
    number: count('Number of the line'),
    hs: text('Declared heading'),
    hs2: text('Its first two digits'),
    hs4: text('Its first four digits'),
    hs6: text('Its first six digits; shorter where the heading is'),
    origin: text('Declared country of origin'),
    quantity: count('Declared quantity in the customs unit'),
    unit: text('The customs unit'),
    pieces: count('Declared consumer units; unknown where the customs unit does not tell', 'P10'),
    value: count('Declared value'),
    currency: text('Its currency'),
    unitValue: count('Declared value of a consumer unit', 'P12'),
    netMassKg: count('Declared net mass'),
    grossMassKg: count('Declared gross mass'),
    taxType: text('Code of the tariff that is claimed, where the declaring system has one'),
    taxRate: count('The rate of duty that is claimed, in per cent'),
    originIndicator: text('How origin is shown on the goods, where the declaring system has it'),
    priceZ: count('Robust z of the logarithm of the unit value among the declared ones of twelve months', 'P12'),
    relation: count(
      '-ln of the smoothed share of this heading and origin among what the declarant brought before',
      'P21',
    ),
    markingDue: yes('Goods of this heading must bear marks under this procedure'),
    exempt: yes('A coded exemption from marking is claimed'),
  },
  led: {
    units: count('Consumer units in the frozen set', 'P10'),
    containers: count('Containers around them'),
    products: list('GTINs of the units'),
    unknownCodes: count('Codes that were never issued', 'P01'),
    forgedCodes: count('Codes whose verification tail is wrong', 'P01'),
    uncommissioned: count('Units whose codes were issued and never put on goods', 'P01'),
    sold: count('Units that are sold', 'P02'),
    exported: count('Units that have left', 'P02'),
    destroyed: count('Units that are destroyed', 'P02'),
    withdrawn: count('Units that are withdrawn, blocked or voided', 'P02'),
    stolen: count('Units that are reported stolen', 'P02'),
    recalled: count('Units of a recalled product, lot or code', 'P02'),
    expired: count('Units past their expiry date', 'P02'),
    held: count('Units that customs hold', 'P02'),
    doubleTerminal: count('Units that ended twice', 'P03'),
    doubleTerminalIndependent: yes('Two firms or devices say so independently', 'P03'),
    travelUnits: count('Units seen in two places between which they cannot have travelled', 'P04'),
    travelIndependent: yes('Two devices or firms say so independently', 'P04'),
    custodianUnits: count('Units with two custodians at once', 'P05'),
    custodianIndependent: yes('Two devices or firms say so independently', 'P05'),
    origin: text(
      'Country of origin by certificate, else by commissioning data, else by the register of products',
      'P08',
    ),
    originBasis: text('certificate, commissioning or product', 'P08'),
    otherOriginUnits: count('Units whose origin is not the declared one', 'P08'),
    markedIn: list('Countries in which the units were marked: no origin by itself', 'P08'),
    massRatio: count(
      'Declared net mass as a share of what the units hold by the register of products; unknown where that is no mass',
    ),
    kgPerLitre: count('Declared net mass by litre of what the units hold; unknown where that is no volume'),
    productHs: text("Heading of the units' product", 'P09'),
    hsSame: count('How many leading digits the declared heading shares with that of every product', 'P09'),
    piecesOver: count('Units in the ledger beyond those declared', 'P10'),
    piecesShort: count('Declared units that the ledger does not have', 'P10'),
    breakage: count('Units that were packed with them and are recorded as destroyed', 'P10'),
    gapHours: count('Hours without a custodian, of the longest such life', 'P13'),
    coverage: count('Share of the life that has a custodian', 'P13'),
    gapIndependent: yes('Two devices or firms show the gap independently', 'P13'),
    underWay: count('Units that are under way', 'P14'),
    shipmentAgeHours: count('Hours since the oldest open shipment was recorded', 'P14'),
    shipmentAgeRatio: count(
      'The same as a share of the usual time: the 95th percentile of what this sender shipped to this addressee within a year, and a day at least, where twenty of those were received; else the time in which an answer is due',
      'P14',
    ),
    shipmentBasis: text('history or deadline: what that usual time is', 'P14'),
    brokenSeals: count('Units seen apart from the container in which they are recorded', 'P17'),
    sealIndependent: yes('Two devices or firms say so independently', 'P17'),
    commissionPeakPerHour: count(
      'Most units of one maker and product group commissioned in an hour, by event time: all of the entries that began the life of these units',
      'P19',
    ),
    capacityRatio: count(
      'The same as a share of what the maker can make in an hour by the register of capacities; unknown where none is registered for that time',
      'P19',
    ),
    backdatedHours: count('Most hours by which a commissioning was reported late', 'P19'),
    usedShare: count('Share of the codes of their orders that are in use', 'P19'),
    clockFaults: count('Entries of their life out of order or reported later than a line may be down', 'P27'),
    clockIndependent: yes('Two devices or firms show that independently', 'P27'),
    makers: list('Ids of who commissioned them'),
    holders: list('Ids of who holds them now'),
  },
} as const satisfies Record<string, Readonly<Record<string, FactSpec>>>

export type Scope = keyof typeof vocabulary
export type DeclFact = keyof (typeof vocabulary)['decl']
export type ItemFact = keyof (typeof vocabulary)['item']
export type LedFact = keyof (typeof vocabulary)['led']

/** Whether there is a fact of this name, as `item.origin`. */
export function isFact(path: string): boolean {
  const [scope = '', name = ''] = path.split('.')
  return Object.entries(vocabulary).some(([known, facts]) => known === scope && Object.hasOwn(facts, name))
}

export type Indicator = {
  id: string
  name: string
  /** Why an honest trader may show it. */
  innocentCauses: readonly string[]
  /** What shows that nobody is at fault. */
  clearedBy: string
  /** The hardest lane that it may lead to while only one device or firm says so. */
  ceiling: 'yellow' | 'red'
  family: 'code' | 'clone' | 'origin' | 'quantity' | 'custody' | 'price' | 'party' | 'production' | 'clock'
}

const indicator = (
  id: string,
  name: string,
  family: Indicator['family'],
  ceiling: Indicator['ceiling'],
  clearedBy: string,
  ...innocentCauses: string[]
): Indicator => ({ id, name, innocentCauses, clearedBy, ceiling, family })

export const indicators: readonly Indicator[] = [
  indicator(
    'P01',
    'Code never commissioned, or forged',
    'code',
    'red',
    'Scanning the mark again; the report of commissioning',
    'the mark was misread',
    'the commissioning was not uploaded yet',
  ),
  indicator(
    'P02',
    'Code in an end state, recalled or expired',
    'code',
    'red',
    'A return or a correction in the ledger; another batch',
    'a return was not recorded',
    'a code was scanned at a till by mistake',
  ),
  indicator(
    'P03',
    'Two ends of one life',
    'clone',
    'yellow',
    'A look at the unit; the correction of one of the ends',
    'a till sent a receipt twice under two numbers',
    'a return was not recorded',
  ),
  indicator(
    'P04',
    'Impossible travel',
    'clone',
    'yellow',
    'The scan of the way in between; a corrected place or clock',
    'a device was set to another place',
    'a clock was wrong',
    'a late upload',
  ),
  indicator(
    'P05',
    'Two custodians at once',
    'clone',
    'yellow',
    'The scan of the delivery in between',
    'a delivery was not uploaded yet',
    'another unit was meant',
  ),
  indicator(
    'P07',
    'Declared twice at once',
    'quantity',
    'red',
    'Withdrawing one of the declarations; naming the previous document',
    'a declaration was lodged again instead of amended',
    'a broker used the wrong list',
  ),
  indicator(
    'P08',
    'Origin differs',
    'origin',
    'red',
    'A certificate of origin',
    'the register of products is out of date',
    'a certificate was not attached',
  ),
  indicator(
    'P09',
    'Heading differs',
    'origin',
    'red',
    'A classification decision; a corrected register of products',
    'the register of products has an old heading',
  ),
  indicator(
    'P10',
    'Quantity differs',
    'quantity',
    'red',
    'Counting; the record of breakage; an amended declaration',
    'breakage on the way',
    'the packing list was not updated',
    'rounding of a customs unit',
  ),
  indicator(
    'P12',
    'Price far below the usual',
    'price',
    'yellow',
    'The contract and the payment',
    'a discount',
    'a small sample to compare with',
  ),
  indicator(
    'P13',
    'Nobody had custody',
    'custody',
    'yellow',
    'The missing receipt or delivery',
    'a late upload',
    'a partner abroad who does not report',
  ),
  indicator(
    'P14',
    'Shipment unconfirmed for too long',
    'custody',
    'yellow',
    'The receipt',
    'a queue at the border',
    'a holiday',
  ),
  indicator(
    'P17',
    'Packing broken',
    'custody',
    'yellow',
    'The scan of unpacking; a look into the container',
    'unpacking was not uploaded',
    'a wrong packing list',
  ),
  indicator(
    'P19',
    'Impossible production',
    'production',
    'yellow',
    "The maker's production log",
    'a shift was reported at once',
    'a clock was wrong',
  ),
  indicator(
    'P20',
    'History of the party',
    'party',
    'yellow',
    'Inspections that conform',
    'few results, so a wide bound',
  ),
  indicator('P21', 'New relation', 'party', 'yellow', 'Time; a first conforming inspection', 'a new customer'),
  indicator('P27', 'Clocks and order', 'clock', 'yellow', 'The device log', 'a clock was wrong', 'a line was down'),
]

export const indicatorOf = (id: string): Indicator | undefined => indicators.find((known) => known.id === id)
