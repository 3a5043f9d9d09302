import { canonicalJson, readActEntry, sha256Hex } from '../../declarations/act.ts'
import type { DrawRecord, RankRecord } from '../../declarations/bodies.ts'
import { commitmentOf, draw, isSelected } from '../../draw/draw.ts'
import type { Drawn } from '../../draw/listing.ts'
import { combine, type Share, type ShareBody } from '../../draw/shares.ts'
import { fromBase64 } from '../base64.ts'
import { readCheckpoint } from '../checkpoint.ts'
import { nodePrimitives } from '../node-primitives.ts'
import { NoteError, type Verifier } from '../note.ts'
import { parseTlogProof, verifyTlogProof } from '../tlog-proof.ts'

/**
 * Computes every draw of a shift again from what is public: that the seed was committed to before, is the one that was committed to,
 * and that each u follows from it. Needs no service: the document may come from a file.
 */

type Pinned = { entry: string; proof: string }
export type ShiftDocument = {
  shift: string
  from: string
  until: string
  commitment: string
  committed: Pinned
  seed?: string
  listed?: number
  held?: number
  revealed?: Pinned
  /** What institutions had handed in, with who did and when. */
  secrets?: Share[]
  shares: (Pinned & ShareBody)[]
  lists: (Pinned & { drawn: Drawn[] })[]
}

export type DrawsReport = {
  shift: string
  committedAt: number
  acts: number
  draws: number
  held: number
  offline: number
  /** By purpose, where a rate was drawn against: how many, how many selected. */
  rates: { purpose: string; rate: number; drawn: number; selected: number }[]
}

/** The origin whose key is needed. @throws NoteError */
export function originOfDraws(text: string): string {
  return readCheckpoint(parseTlogProof(read(text).committed.proof).checkpoint).origin
}

/** @throws NoteError saying what does not fit */
export async function verifyDraws(text: string, verifier: Verifier): Promise<DrawsReport> {
  const told = read(text)
  const { shift, from, until, commitment, seed, revealed, lists, listed, held, secrets = [] } = told
  const committed = await pinned(told.committed, verifier, 'seed_committed', shift, { shift, from, until, commitment })
  if (seed === undefined || !revealed) {
    throw new Error(`the seed of ${shift} is not revealed yet: it is once the shift is over`)
  }
  const reveal = await pinned(revealed, verifier, 'seed_revealed', shift, {
    shift,
    seed,
    listed,
    held,
    shares: secrets,
  })
  if (reveal <= committed) throw new NoteError(`The seed of ${shift} was revealed before it was committed to`)
  const secret = Buffer.from(seed, 'hex')
  if (secret.length !== 32 || secret.toString('hex') !== seed || commitmentOf(secret) !== commitment) {
    throw new NoteError(`The seed of ${shift} is not the one that was committed to`)
  }
  const report: DrawsReport = {
    shift,
    committedAt: committed,
    acts: 0,
    draws: 0,
    held: held ?? 0,
    offline: 0,
    rates: [],
  }
  const shared = await checkShares(told, verifier)
  let before = 0
  for (const list of lists) {
    const position = await pinned(list, verifier, 'draws_listed', shift, { shift, drawn: list.drawn })
    if (position < reveal) before += list.drawn.length
    for (const each of list.drawn) check(each, secret, { committed, position, shift, shared }, report)
  }
  if (before !== listed) throw new NoteError(`${String(listed)} acts were listed with the seed, and ${before} are here`)
  return report
}

/** Reads the document, which is one text only: another order or another space is another document. */
export function read(text: string): ShiftDocument {
  let told: unknown
  try {
    told = JSON.parse(text)
  } catch {
    throw new NoteError('The draws are no JSON: they were changed or cut off')
  }
  if (canonicalJson(told) !== text.trimEnd()) throw new NoteError('The draws are not as the service writes them')
  if (!isDocument(told)) throw new NoteError('This is no document of GET /draws/{shift}')
  return told
}

const fields = [
  'commitment',
  'committed',
  'from',
  'held',
  'listed',
  'lists',
  'revealed',
  'secrets',
  'seed',
  'shares',
  'shift',
  'until',
]

/** Whatever is in it besides is not covered by anything, and so is not taken. */
function isDocument(told: unknown): told is ShiftDocument {
  if (!isObject(told) || Object.keys(told).some((name) => !fields.includes(name))) return false
  const { shift, from, until, commitment, committed, seed, revealed, lists, secrets, shares } =
    told as Partial<ShiftDocument>
  const texts = [shift, from, until, commitment, seed ?? ''].every((value) => typeof value === 'string')
  const pins = [committed, ...(revealed === undefined ? [] : [revealed])].every((pin) => isPinned(pin, []))
  const given =
    Array.isArray(secrets ?? []) && Array.isArray(shares) && shares.every((share) => isPinned(share, inShare))
  return (
    texts && pins && given && Array.isArray(lists) && lists.every((list) => isPinned(list, ['drawn']) && isList(list))
  )
}

const inShare = ['commitment', 'institution', 'shift']

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

function isPinned(value: unknown, more: readonly string[]): value is Pinned {
  if (!isObject(value)) return false
  const names = Object.keys(value).sort().join(' ')
  if (names !== [...more, 'entry', 'proof'].sort().join(' ')) return false
  const { entry, proof } = value as Partial<Pinned>
  return typeof entry === 'string' && typeof proof === 'string'
}

const isList = (value: object): boolean => 'drawn' in value && Array.isArray(value.drawn)

/** That the log signed an entry of this kind about this shift, and that it says just this. @returns its position */
async function pinned(pin: Pinned, verifier: Verifier, kind: string, shift: string, body: unknown): Promise<number> {
  const entry = fromBase64(pin.entry)
  if (!entry) throw new NoteError(`The entry ${kind} of ${shift} is not base64`)
  const { index } = await verifyTlogProof(pin.proof, entry, verifier, nodePrimitives)
  const act = readActEntry(Buffer.from(entry))
  if (act?.kind !== kind || act.subject !== shift) throw new NoteError(`Entry ${index} is not ${kind} of ${shift}`)
  if (act.sha256 !== sha256Hex(canonicalJson(body))) {
    throw new NoteError(`What is said of ${kind} of ${shift} is not what its entry ${index} says`)
  }
  return index
}

type Shared = { institutions: number; randomness: string; last: number } | undefined

/** That each secret is the one that its institution committed to. @returns what they are together, and the last commitment */
async function checkShares({ shift, shares, secrets = [] }: ShiftDocument, verifier: Verifier): Promise<Shared> {
  let last = 0
  for (const [i, share] of shares.entries()) {
    const { institution, commitment } = share
    last = Math.max(last, await pinned(share, verifier, 'share_committed', shift, { shift, institution, commitment }))
    const given = secrets[i]
    if (given?.institution !== institution || sha256Hex(Buffer.from(given.secret, 'hex')) !== commitment) {
      throw new NoteError(`The secret of ${institution} for ${shift} is not the one that was committed to`)
    }
  }
  if (secrets.length !== shares.length) throw new NoteError(`A secret of ${shift} was never committed to`)
  if (shares.length === 0) return undefined
  const randomness = combine(secrets.map(({ secret }) => Buffer.from(secret, 'hex')))
  return { institutions: shares.length, randomness, last }
}

function check(
  { position, digest, beacon, draws }: Drawn,
  seed: Uint8Array,
  at: { committed: number; position: number; shift: string; shared: Shared },
  report: DrawsReport,
): void {
  if (position <= at.committed || position >= at.position) {
    throw new NoteError(`The act ${position} does not lie between the commitment of ${at.shift} and its list`)
  }
  const randomness = 'randomness' in beacon ? beacon.randomness : ''
  if ('offline' in beacon) report.offline++
  if ('shift' in beacon && beacon.shift === at.shift) {
    const { institutions, last = Infinity } = at.shared ?? {}
    if (randomness !== at.shared?.randomness || beacon.institutions !== institutions || position < last) {
      throw new NoteError(`The act ${position} does not rest on what the institutions handed in`)
    }
  }
  report.acts++
  for (const one of draws) {
    report.draws++
    if (draw(seed, randomness, digest, one.purpose) !== one.u || !follows(one)) {
      throw new NoteError(`The draw ${one.purpose} of the act ${position} does not follow from the seed`)
    }
    if ('rate' in one) count(report, one)
  }
}

const follows = (one: DrawRecord | RankRecord): boolean =>
  'rate' in one ? isSelected(one.u, one.rate) === one.selected : Math.floor(one.u * one.of) === one.rank

function count({ rates }: DrawsReport, { purpose, rate, selected }: DrawRecord): void {
  let known = rates.find((each) => each.purpose === purpose && each.rate === rate)
  if (!known) rates.push((known = { purpose, rate, drawn: 0, selected: 0 }))
  known.drawn++
  if (selected) known.selected++
}
