import type { Facts, FactValue } from '../declarations/bodies.ts'
import type { DeclFact, LedFact } from './vocabulary.ts'

/** From which value on a fact about the past of goods is a finding, whatever the profile in force makes of it (indicators, section 4). */
const ofUnits: Readonly<Partial<Record<LedFact, number>>> = {
  unknownCodes: 0,
  forgedCodes: 0,
  uncommissioned: 0,
  sold: 0,
  exported: 0,
  destroyed: 0,
  withdrawn: 0,
  stolen: 0,
  recalled: 0,
  expired: 0,
  held: 0,
  doubleTerminal: 0,
  travelUnits: 0,
  custodianUnits: 0,
  otherOriginUnits: 0,
  piecesOver: 0,
  gapHours: 48,
  shipmentAgeRatio: 2,
  brokenSeals: 0,
  capacityRatio: 1.1,
  clockFaults: 0,
}
const ofDeclaration: Readonly<Partial<Record<DeclFact, number>>> = {
  parallelUnits: 0,
  strangerUnits: 0,
  substitutedUnits: 0,
}

/** Whether anything that the goods did speaks against a load: what an approved combination does not cover. */
export function hasProvenanceFinding({ decl, lines }: Facts): boolean {
  return (
    exceeds(decl, ofDeclaration) ||
    isTrue(decl['sealsDiffer']) ||
    lines.some(
      ({ led }) =>
        exceeds(led, ofUnits) ||
        numberOf(led['hsSame'], 4) < 4 ||
        numberOf(led['piecesShort']) > numberOf(led['breakage']),
    )
  )
}

const exceeds = (facts: Readonly<Record<string, FactValue>>, bounds: Readonly<Record<string, number>>): boolean =>
  Object.entries(bounds).some(([name, bound]) => numberOf(facts[name], bound) > bound)

/** What is not known is no finding. */
const numberOf = (fact: FactValue | undefined, unknown = 0): number =>
  fact && 'value' in fact && typeof fact.value === 'number' ? fact.value : unknown

const isTrue = (fact: FactValue | undefined): boolean => fact !== undefined && 'value' in fact && fact.value === true
