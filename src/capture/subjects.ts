import type { Resolved, Resolver } from '../codes/resolve.ts'
import type { Subject } from '../custody/claim.ts'
import type { Epc } from '../epcis/event.ts'
import { Problem, type ProblemItem, problemItemsMax } from '../http/problem.ts'
import type { Gtin, Serial } from '../gs1/identifiers.ts'
import type { Catalogue } from '../products/catalogue.ts'
import { createPace } from './document.ts'

/** What turns the codes of an event into the objects that the ledger knows. */
export type SubjectSources = {
  resolver: Resolver
  catalogue: Catalogue
  /** Gives ids to units that nobody ordered, in groups that only observe. */
  claimUnits: (units: readonly { gtin: Gtin; serial: Serial }[]) => Promise<readonly bigint[]>
  /** The log in which logistic units were first seen; those that are new are missing. */
  logsOfLogisticUnits: (ids: readonly bigint[]) => Promise<ReadonlyMap<bigint, string>>
}

/** The log of what is in none yet: a new SSCC with nothing in it, an event that names no object. */
export const defaultLog = 'main'

/**
 * The objects of an event, by code, and the log that they live in. Keys of other kinds (assets, places, classes) are left out: they
 * are recorded with the event, but nothing is known of their custody.
 * @param keepMisread a code of ours that was misread becomes a fault of its subject, for a judge who refuses nothing
 * @throws Problem code_malformed where a code is one of ours, misread; several_logs
 */
export async function findSubjects(
  sources: SubjectSources,
  epcs: readonly Epc[],
  keepMisread = false,
): Promise<{ subjects: ReadonlyMap<Epc, Subject>; log: string }> {
  const objects = epcs.filter((epc) => epc.reading.kind !== 'key')
  const resolved = await sources.resolver.resolve(objects.map((epc) => epc.reading))
  if (!keepMisread) refuseMisread(objects, resolved)
  const products = await productsOf(sources.catalogue, objects)
  const claimed = await claimUnknown(sources, objects, resolved, products)
  const subjects = new Map<Epc, Subject>()
  const logs = new Map<string, Epc>()
  const pace = createPace()
  for (const [i, epc] of objects.entries()) {
    if (i % codesPerLook === 0) await pace()
    const answer = resolved[i]
    if (!answer) throw new Error('bad math: a code was not answered')
    const product = epc.reading.kind === 'unit' ? products.get(epc.reading.gtin) : undefined
    const observe = product?.group.enforcement === 'observe'
    const { subject, log } = subjectOf(epc, answer, observe, claimed.get(i))
    subjects.set(epc, subject)
    if (subject.id >= 0n && subject.fault !== 'code_unknown') logs.set(log ?? product?.group.log ?? defaultLog, epc)
    else if (subject.fault === 'code_unknown' && observe && product) logs.set(product.group.log, epc)
  }
  for (const [id, log] of await sources.logsOfLogisticUnits(logisticIds(subjects))) {
    const epc = objects.find((candidate) => subjects.get(candidate)?.id === id)
    if (epc) logs.set(log, epc)
  }
  return { subjects, log: theOne(logs) }
}

/**
 * Logistic units that are new with a document live in the log of its goods: when the pallet is shipped, the event that made it may not
 * be recorded yet.
 */
export const newUnitsIn = (sources: SubjectSources, log: string): SubjectSources => ({
  ...sources,
  logsOfLogisticUnits: async (ids) => {
    const known = await sources.logsOfLogisticUnits(ids)
    return new Map(ids.map((id) => [id, known.get(id) ?? log]))
  },
})

/** Thirty thousand codes take a tenth of a second. */
const codesPerLook = 500

function logisticIds(subjects: ReadonlyMap<Epc, Subject>): bigint[] {
  const ids: bigint[] = []
  for (const { id } of subjects.values()) if (id < 0n) ids.push(id)
  return ids
}

/** The only log, or the default where nothing names one. */
function theOne(logs: ReadonlyMap<string, Epc>): string {
  if (logs.size > 1) {
    const errors = [...logs].map(([log, epc]): ProblemItem => {
      return { path: epc.path, code: 'several_logs', detail: `This belongs to the log ${log}.`, value: epc.text }
    })
    throw new Problem('several_logs', { errors })
  }
  return [...logs.keys()][0] ?? defaultLog
}

function refuseMisread(epcs: readonly Epc[], resolved: readonly Resolved[]): void {
  const errors: ProblemItem[] = []
  epcs.forEach((epc, i) => {
    const answer = resolved[i]
    if (answer?.kind === 'fault' && answer.fault.code === 'code_malformed') {
      errors.push({ path: epc.path, value: epc.text, ...answer.fault })
    }
  })
  const first = errors[0]
  if (!first) return
  throw new Problem('code_malformed', {
    detail: first.detail,
    errors: errors.slice(0, problemItemsMax),
    errorCount: errors.length,
  })
}

async function productsOf(catalogue: Catalogue, epcs: readonly Epc[]) {
  const gtins = new Set<Gtin>()
  for (const { reading } of epcs) if (reading.kind === 'unit') gtins.add(reading.gtin)
  const products = await Promise.all([...gtins].map(async (gtin) => [gtin, await catalogue.byGtin(gtin)] as const))
  return new Map(products)
}

/** Units of a known product that nobody ordered get an id where their group only observes (D9): the claim is kept. */
async function claimUnknown(
  sources: SubjectSources,
  epcs: readonly Epc[],
  resolved: readonly Resolved[],
  products: Awaited<ReturnType<typeof productsOf>>,
): Promise<Map<number, bigint>> {
  const at: number[] = []
  const units: { gtin: Gtin; serial: Serial }[] = []
  epcs.forEach(({ reading }, i) => {
    const answer = resolved[i]
    if (reading.kind !== 'unit' || answer?.kind !== 'fault' || answer.fault.code === 'code_malformed') return
    if (products.get(reading.gtin)?.group.enforcement !== 'observe') return
    at.push(i)
    units.push({ gtin: reading.gtin, serial: reading.serial })
  })
  if (units.length === 0) return new Map()
  const ids = await sources.claimUnits(units)
  return new Map(at.map((i, n) => [i, ids[n] ?? 0n]))
}

/** A reading of this system stands for a text that is no code at all, where its sender must not be refused for it. */
export const unreadable = 'unreadable'

const isMisread = ({ reading }: Epc, answer: Resolved): boolean =>
  (reading.kind === 'foreign' && reading.system === unreadable) ||
  (answer.kind === 'fault' && answer.fault.code === 'code_malformed')

function subjectOf(
  epc: Epc,
  answer: Resolved,
  observe: boolean,
  claimed: bigint | undefined,
): { subject: Subject; log: string | undefined } {
  const { reading, path, link: code } = epc
  if (answer.kind === 'unit' && answer.tail !== 'forged' && reading.kind === 'unit') {
    // Nearly always this, ten thousand times an event: one object, always of the same shape, nothing spread.
    const { order, objectId: id } = answer
    const orderObject = order ? order.firstId - 1n : null
    const orderedBy = order?.participantNo ?? null
    return { subject: { path, code, observe, gtin: reading.gtin, id, orderedBy, orderObject }, log: order?.log }
  }
  const gtin = reading.kind === 'unit' ? { gtin: reading.gtin } : {}
  const common = { path, code, observe, ...gtin }
  if (answer.kind === 'fault') {
    const nameless = { ...common, orderedBy: null, orderObject: null }
    const misread = isMisread(epc, answer)
    const subject: Subject = misread
      ? { ...nameless, id: 0n, observe: false, fault: 'code_malformed' }
      : { ...nameless, id: claimed ?? 0n, fault: 'code_unknown', faultText: answer.fault.detail }
    return { subject, log: undefined }
  }
  if (answer.kind === 'logistic') {
    return { subject: { ...common, id: answer.objectId, orderedBy: null, orderObject: null }, log: undefined }
  }
  const { order, tail } = answer
  const subject: Subject = {
    ...common,
    id: answer.objectId,
    orderedBy: order?.participantNo ?? null,
    orderObject: order ? order.firstId - 1n : null,
    // A unit that was only claimed stays doubtful whenever it is seen again.
    ...(tail === 'forged' ? { fault: 'code_forged' as const } : {}),
  }
  return { subject, log: order?.log }
}
