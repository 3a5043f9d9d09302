// The closed lists of the Core Business Vocabulary (CBV 2.0, sections 7.1 to 7.8) and of EPCIS 2.0, as data.
// A test holds the count of each list: a word that is missing here would refuse honest events.

import type { Uri } from './event.ts'

/** CBV 2.0, section 7.1. */
export const bizSteps = [
  'accepting',
  'arriving',
  'assembling',
  'collecting',
  'commissioning',
  'consigning',
  'creating_class_instance',
  'cycle_counting',
  'decommissioning',
  'departing',
  'destroying',
  'disassembling',
  'dispensing',
  'encoding',
  'entering_exiting',
  'holding',
  'inspecting',
  'installing',
  'killing',
  'loading',
  'other',
  'packing',
  'picking',
  'receiving',
  'removing',
  'repackaging',
  'repairing',
  'replacing',
  'reserving',
  'retail_selling',
  'sampling',
  'sensor_reporting',
  'shipping',
  'staging_outbound',
  'stock_taking',
  'stocking',
  'storing',
  'transporting',
  'unloading',
  'unpacking',
  'void_shipping',
] as const
export type BizStep = (typeof bizSteps)[number]

/** CBV 2.0, section 7.2. */
export const dispositions = [
  'active',
  'available',
  'completeness_inferred',
  'completeness_verified',
  'conformant',
  'container_closed',
  'container_open',
  'damaged',
  'destroyed',
  'dispensed',
  'disposed',
  'encoded',
  'expired',
  'in_progress',
  'in_transit',
  'inactive',
  'mismatch_class',
  'mismatch_instance',
  'mismatch_quantity',
  'needs_replacement',
  'no_pedigree_match',
  'non_conformant',
  'non_sellable_other',
  'partially_dispensed',
  'recalled',
  'reserved',
  'retail_sold',
  'returned',
  'sellable_accessible',
  'sellable_not_accessible',
  'stolen',
  'unavailable',
  'unknown',
] as const
export type Disposition = (typeof dispositions)[number]

/** CBV 2.0, section 7.3. */
export const bizTransactionTypes = [
  'bol',
  'cert',
  'desadv',
  'inv',
  'pedigree',
  'po',
  'poc',
  'prodorder',
  'recadv',
  'rma',
  'testprd',
  'testres',
  'upevt',
] as const
export type BizTransactionType = (typeof bizTransactionTypes)[number]

/** CBV 2.0, section 7.4. */
export const partyTypes = ['owning_party', 'possessing_party', 'location'] as const
export type PartyType = (typeof partyTypes)[number]

/** CBV 2.0, section 7.5. */
export const errorReasons = ['did_not_occur', 'incorrect_data'] as const
export type ErrorReason = (typeof errorReasons)[number]

/** The part of a vector or of a place that a sensor value gives (CBV 2.0, section 7.6). */
export const components = [
  'x',
  'y',
  'z',
  'axial_distance',
  'azimuth',
  'height',
  'spherical_radius',
  'polar_angle',
  'elevation_angle',
  'easting',
  'northing',
  'latitude',
  'longitude',
  'altitude',
] as const

/** GS1 Web Vocabulary, SensorAlertType. */
export const sensorAlerts = ['ALARM_CONDITION', 'ERROR_CONDITION'] as const

/** GS1 Web Vocabulary, MeasurementType. */
export const measurementTypes = [
  'AbsoluteHumidity',
  'AbsorbedDose',
  'AbsorbedDoseRate',
  'Acceleration',
  'Altitude',
  'AmountOfSubstance',
  'AmountOfSubstancePerUnitVolume',
  'Angle',
  'AngularAcceleration',
  'AngularMomentum',
  'AngularVelocity',
  'Area',
  'Capacitance',
  'Conductance',
  'Conductivity',
  'Count',
  'Density',
  'Dimensionless',
  'DoseEquivalent',
  'DoseEquivalentRate',
  'DynamicViscosity',
  'ElectricCharge',
  'ElectricCurrent',
  'ElectricCurrentDensity',
  'ElectricFieldStrength',
  'Energy',
  'Exposure',
  'Force',
  'Frequency',
  'Illuminance',
  'Inductance',
  'Irradiance',
  'KinematicViscosity',
  'Length',
  'LinearMomentum',
  'Luminance',
  'LuminousFlux',
  'LuminousIntensity',
  'MagneticFlux',
  'MagneticFluxDensity',
  'MagneticVectorPotential',
  'Mass',
  'MassConcentration',
  'MassFlowRate',
  'MassPerAreaTime',
  'MemoryCapacity',
  'MolalityOfSolute',
  'MolarEnergy',
  'MolarMass',
  'MolarVolume',
  'Power',
  'Pressure',
  'RadiantFlux',
  'RadiantIntensity',
  'Radioactivity',
  'RelativeHumidity',
  'Resistance',
  'Resistivity',
  'SolidAngle',
  'SpecificVolume',
  'Speed',
  'SurfaceDensity',
  'SurfaceTension',
  'Temperature',
  'Time',
  'Torque',
  'Voltage',
  'Volume',
  'VolumeFlowRate',
  'VolumeFraction',
  'VolumetricFlux',
  'Wavenumber',
] as const

/**
 * One vocabulary: its words and how others write them. `base` is the web form that the CBV event hash uses
 * (https://ref.gs1.org/cbv/BizStep-shipping); `others` are the older prefixes that partners still send.
 */
export type Vocabulary<Word extends string> = {
  name: string
  base: string
  others: readonly string[]
  words: ReadonlyMap<string, Word>
}

function vocabulary<const Word extends string>(
  name: string,
  words: readonly Word[],
  base: string,
  ...others: string[]
): Vocabulary<Word> {
  return { name, base, others, words: new Map(words.map((word) => [word, word])) }
}

const voc = ['https://gs1.org/voc/', 'https://www.gs1.org/voc/', 'https://ns.gs1.org/voc/', 'gs1:'] as const
const cbv = (name: string, urn: string): [string, ...string[]] => [
  `https://ref.gs1.org/cbv/${name}-`,
  `https://ns.gs1.org/cbv/${name}-`,
  `https://ns.gs1.org/voc/${name}-`,
  `https://gs1.org/cbv/${name}-`,
  `cbv:${name}-`,
  `urn:epcglobal:cbv:${urn}:`,
]

export const bizStepVocabulary = vocabulary(
  'bizStep',
  bizSteps,
  ...cbv('BizStep', 'bizstep'),
  'https://ns.gs1.org/voc/Bizstep-',
)
export const dispositionVocabulary = vocabulary('disposition', dispositions, ...cbv('Disp', 'disp'))
export const bizTransactionVocabulary = vocabulary(
  'business transaction type',
  bizTransactionTypes,
  ...cbv('BTT', 'btt'),
)
export const partyVocabulary = vocabulary('source or destination type', partyTypes, ...cbv('SDT', 'sdt'))
export const errorReasonVocabulary = vocabulary('error reason', errorReasons, ...cbv('ER', 'er'))
export const componentVocabulary = vocabulary('component', components, ...cbv('Comp', 'comp'))
export const measurementVocabulary = vocabulary(
  'measurement type',
  measurementTypes,
  'https://ref.gs1.org/voc/',
  ...voc,
)
export const alertVocabulary = vocabulary('sensor alert', sensorAlerts, 'https://ref.gs1.org/voc/', ...voc)

/**
 * The bare word for any spelling of it (`shipping`, `https://ref.gs1.org/cbv/BizStep-shipping`,
 * `urn:epcglobal:cbv:bizstep:shipping`, …); null where the text has the form of this vocabulary but an unknown word;
 * undefined where it is something else: a custom URI, or nothing at all.
 */
export function readWord<Word extends string>(vocabulary: Vocabulary<Word>, text: string): Word | null | undefined {
  const bare = vocabulary.words.get(text)
  if (bare !== undefined) return bare
  if (!text.includes(':')) return null
  if (text.startsWith(vocabulary.base)) return vocabulary.words.get(text.slice(vocabulary.base.length)) ?? null
  for (const prefix of vocabulary.others) {
    if (text.startsWith(prefix)) return vocabulary.words.get(text.slice(prefix.length)) ?? null
  }
  return undefined
}

/** The web URI of a word, as the CBV event hash wants it; a custom URI stays as it is. */
export const webUri = <Word extends string>(vocabulary: Vocabulary<Word>, word: Word | Uri): string =>
  vocabulary.words.has(word) ? vocabulary.base + word : word
