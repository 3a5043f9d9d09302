import { readFile } from 'node:fs/promises'
import { canonicalJson } from '../../declarations/act.ts'
import { originOf } from '../checkpoint.ts'
import { nodePrimitives } from '../node-primitives.ts'
import { parseVerifier, type Verifier } from '../note.ts'
import { type DrawsReport, originOfDraws, read, verifyDraws } from './draws.ts'
import { verifyBeacons, verifySignatures } from './rounds.ts'

type Say = (line: string) => void

/**
 * `verify draws`: a shift by its address, the last one that is over by the address of all, or what was saved of it.
 * @returns the exit status
 * @throws NoteError where something does not fit; Error where it cannot be looked at
 */
export async function tellDraws(where: string, keys: readonly Verifier[], beacon: boolean, say: Say): Promise<number> {
  const isUrl = /^https?:/.test(where)
  const url = isUrl && /\/draws\/*$/.test(where) ? await lastShift(where.replace(/(?<!\/)\/+$/, '')) : where
  const text = isUrl ? await getPages(url) : await readFile(where, 'utf8')
  const origin = originOfDraws(text)
  const verifier =
    keys.find((key) => originOf(key) === origin) ?? (await listedKey(isUrl ? url : undefined, origin, say))
  const report = await verifyDraws(text, verifier)
  for (const line of linesOf(report)) say(line)
  const { signed, rounds } = verifySignatures(text)
  if (rounds > 0) say(`${signed} of ${rounds} round(s) of the beacon bear the signature of a chain that is known here.`)
  if (beacon)
    say(`The beacon says the same of ${await verifyBeacons(text)} round(s), each the first after its lodgement.`)
  say(
    `VERIFIED: all ${report.draws} draws of ${report.shift} follow from the seed that ${origin} committed to in entry ${report.committedAt}.`,
  )
  return 0
}

function linesOf({ rates, offline, acts, held }: DrawsReport): string[] {
  return [
    ...rates.map(({ purpose, rate, drawn, selected }) => `${purpose} at ${rate}: ${selected} of ${drawn} selected`),
    ...(offline > 0
      ? [
          `${offline} of ${acts} acts had no beacon: their draws rest on the seed, and on what institutions handed in, if any did.`,
        ]
      : []),
    ...(held > 0 ? [`${held} acts were held back until their goods are presented.`] : []),
  ]
}

async function get(url: string): Promise<Response> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return answer
}

/** A long day comes in pages; together they are the document. */
export async function getPages(url: string, ask: (url: string) => Promise<Response> = get): Promise<string> {
  let answer = await ask(url)
  let text = await answer.text()
  for (;;) {
    const next = /<([^<>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
    if (next === undefined) return text
    answer = await ask(new URL(next, url).href)
    const [whole, page] = [read(text), read(await answer.text())]
    text = canonicalJson({ ...page, lists: [...whole.lists, ...page.lists] })
  }
}

async function lastShift(url: string): Promise<string> {
  const shifts: unknown = await (await get(url)).json()
  for (const each of Array.isArray(shifts) ? (shifts as unknown[]) : []) {
    if (typeof each === 'object' && each !== null && 'seed' in each && 'shift' in each) {
      return `${url}/${encodeURIComponent(String(each.shift))}`
    }
  }
  throw new Error(`${url} has no shift that is over`)
}

/** Without a key from elsewhere the service's own word is taken, and said so. */
async function listedKey(url: string | undefined, origin: string, say: Say): Promise<Verifier> {
  if (url === undefined) throw new Error(`the draws are signed by ${origin}: give its verifier key with --key`)
  const logs: unknown = await (await get(url.replace(/\/draws\/.*$/, '/logs'))).json()
  for (const log of Array.isArray(logs) ? (logs as unknown[]) : []) {
    if (typeof log !== 'object' || log === null || !('origin' in log && 'verifierKey' in log)) continue
    if (log.origin !== origin) continue
    say(`The key of ${origin} is taken from the service itself. Give the one that you trust with --key.`)
    return parseVerifier(String(log.verifierKey), nodePrimitives)
  }
  throw new Error(`${url} does not say the key of ${origin}; give it with --key`)
}
