import { secondInspection } from '../declarations/standing.ts'

/** What each check asks of an officer, in a sentence. Rules may name others; those are shown by their names. */
export const checkTexts: Readonly<Record<string, string>> = {
  documents: 'Compare the documents with the declaration.',
  key_documents: 'Compare the invoice and the transport document with the declaration.',
  goods: 'Open the goods and scan the units that the machine drew.',
  units: 'Scan the units that the machine drew, and keep apart what is not in order.',
  count: 'Count the consumer units.',
  seals: 'Compare the seals with the declaration.',
  weight: 'Weigh the vehicle and compare with the declared mass.',
  label: 'Compare the labels with the product.',
  marking: 'The goods must bear marks: a new version with their codes, or a coded exemption, is needed.',
  second_inspection: 'Another inspector looks at the goods once more.',
  witness: 'The second person whom the inspector named says the same of what was not found.',
}

/** Checks for which the goods themselves are looked at, and the units that the machine drew must be accounted for. */
export const goodsChecks: readonly string[] = ['goods', 'units', 'count', secondInspection]
