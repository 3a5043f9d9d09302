import type { NewDeclaration, Party } from '../declarations/schema.ts'

export const procedureOf = ({ procedure, flow }: Pick<NewDeclaration, 'procedure' | 'flow'>): string =>
  procedure ?? { import: '40', export: '10', transit: 'T1' }[flow]

/** What a party is called in facts and lists: its id, or its name where it is not registered. */
export const partyName = (party: Party): string => (typeof party === 'string' ? party : party.name)
