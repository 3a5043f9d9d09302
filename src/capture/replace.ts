import { byLink } from '../epcis/canonical.ts'
import type { Epc, EpcisEvent, TransformationEvent } from '../epcis/event.ts'
import { Problem, type ProblemCode } from '../http/problem.ts'

/**
 * Re-marking: a TransformationEvent with bizStep replacing or repackaging (CBV 2.0, section 7.1) whose inputs and outputs are units,
 * as many of the one as of the other. Each output is the new code of one input: of the input at its place in the list.
 *
 * The standard's lists are sets, and an entry has them sorted; so where there are several pairs the entry says which in a field of
 * our own: `tamga:replaces` names, for each output in the order of the codes' canonical links, the input that it replaces.
 */
const field = 'tamga:replaces'

const steps: ReadonlySet<string> = new Set(['replacing', 'repackaging'])

function isReplacing(event: EpcisEvent): event is TransformationEvent {
  if (event.type !== 'TransformationEvent' || event.bizStep === undefined || !steps.has(event.bizStep)) return false
  const { inputEPCList: inputs, outputEPCList: outputs } = event
  const pieces = event.inputQuantityList.length + event.outputQuantityList.length === 0
  const units = [...inputs, ...outputs].every(({ reading }) => reading.kind === 'unit')
  return pieces && units && inputs.length > 0 && inputs.length === outputs.length
}

/** The event with its pairs written out, where it re-marks several units; any other event as it is. */
export function withPairs(event: EpcisEvent): EpcisEvent {
  if (!isReplacing(event) || event.inputEPCList.length === 1 || event.extensions[field] !== undefined) return event
  const pairs = event.outputEPCList.map((output, i) => ({ output, input: event.inputEPCList[i]?.link ?? '' }))
  const inputs = pairs.sort((a, b) => byLink(a.output, b.output)).map(({ input }) => input)
  const { prefixes, remote } = event.context
  return {
    ...event,
    context: { prefixes: new Map([...prefixes, ['tamga', 'urn:tamga:vocabulary:']]), remote },
    extensions: { ...event.extensions, [field]: inputs },
  }
}

/**
 * Of each old code the new one; undefined where the event re-marks nothing.
 * @throws Problem field_invalid where the pairs that it names are not its codes, not_possible where the label is another product's
 */
export function successorsOf(event: EpcisEvent): Map<Epc, Epc> | undefined {
  if (!isReplacing(event)) return undefined
  const links = event.extensions[field]
  const inputs = new Map(event.inputEPCList.map((epc) => [epc.link, epc]))
  const outputs = links === undefined ? event.outputEPCList : [...event.outputEPCList].sort(byLink)
  const successors = new Map<Epc, Epc>()
  outputs.forEach((output, i) => {
    const link = Array.isArray(links) ? links[i] : undefined
    const input = links === undefined ? event.inputEPCList[i] : typeof link === 'string' ? inputs.get(link) : undefined
    if (!input) {
      throw refusal('field_invalid', `/${field}`, 'Name the input of each output, in the order of the outputs.')
    }
    if (event.bizStep === 'replacing' && gtinOf(input) !== gtinOf(output)) {
      const detail = 'A new label cannot make another product of it. Use a code of the same GTIN.'
      throw refusal('not_possible', output.path, detail)
    }
    successors.set(input, output)
  })
  if (successors.size !== outputs.length) throw refusal('field_invalid', `/${field}`, 'Name each input once.')
  return successors
}

const gtinOf = ({ reading }: Epc): string | undefined => (reading.kind === 'unit' ? reading.gtin : undefined)

const refusal = (code: ProblemCode, path: string, detail: string): Problem =>
  new Problem(code, { detail, errors: [{ path, code, detail }] })
