// `npm run verify -- <what> …`: verifies without the service. Exit status 0: everything fits; 1: something does not, and the first bad
// entry is named; 2: it could not be looked at.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readConfig } from '../../config/config.ts'
import { openCheckpoint, originOf, parseLogVerifier, readCheckpoint } from '../checkpoint.ts'
import { nodePrimitives } from '../node-primitives.ts'
import { cosignatureTime, NoteError, parseVerifier, type Verifier } from '../note.ts'
import type { Primitives } from '../primitives.ts'
import { parseTlogProof, verifyTlogProof } from '../tlog-proof.ts'
import { openUrl } from '../replay/open-url.ts'
import { verifyDatabase } from './command-database.ts'
import { checkConsistency } from './consistency.ts'
import { httpSource } from './http-source.ts'
import { type LogSource, SourceError } from './source.ts'
import { tellDraws } from './command-draws.ts'
import { createBar, type Output, rate, verdict } from './tell.ts'
import { verifyLog } from './verify-log.ts'
import { folderMemory, watchLog } from './watch.ts'

const usage = `Verify without trusting anybody who runs the service.

  npm run verify -- proof <file> [--entry <file>] --key <verifier key>
      A proof of one event, offline. <file> is a tlog-proof, or the JSON with entry and proof; then --entry is not needed.
  npm run verify -- log <url> [--key <verifier key>] [--api-key <key, or TAMGA_KEY>]
      A whole log by its address (https://…/logs/main): every hash, and with an auditor's API key every entry.
  npm run verify -- log [--database <postgres://…>] [--key <verifier key>] …
      Every log of a database, or of a restored dump: entries, tiles, heads, checkpoints, findings; and the steps, by having
      the service's own law judge every entry again (--no-steps leaves that out). Without --database the one of the settings
      (DATABASE_URL, or the embedded one in DATA_DIR, whether the service runs or not).
  npm run verify -- draws <url or file> [--key <verifier key>] [--beacon]
      That every draw of customs in a shift follows from the seed that was committed to before it (https://…/draws/2026-03-01, or
      what it answered, as a file; https://…/draws takes the last shift that is over). --beacon asks the beacon for its rounds too.
  npm run verify -- consistency <older checkpoint> <newer checkpoint> <url>
      That nothing of what the older one signed was changed or taken away.
  npm run verify -- watch <url> --folder <path> [--key <verifier key>] [--every <seconds>] [--once]
      Keeps the checkpoints that it sees, and says at once when a newer one does not continue them.

  --key may be given several times; "<key> <origin>" where the log's origin is not the name of its key.
  --witness <verifier key>: count this witness's cosignatures; --witnesses <n>: demand n of them.
`

const options = {
  key: { type: 'string', multiple: true, default: [] as string[] },
  witness: { type: 'string', multiple: true, default: [] as string[] },
  witnesses: { type: 'string', default: '0' },
  entry: { type: 'string' },
  'api-key': { type: 'string' },
  database: { type: 'string' },
  folder: { type: 'string', default: './watch' },
  every: { type: 'string', default: '60' },
  once: { type: 'boolean', default: false },
  beacon: { type: 'boolean', default: false },
  'no-steps': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

export type Streams = { out: Output; err: Output; env: Readonly<Record<string, string | undefined>> }

/** @returns the exit status */
export async function run(args: readonly string[], { out, err, env }: Streams): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [what = '', ...rest] = positionals
    if (values.help || what === '') {
      out.write(usage)
      return values.help ? 0 : 2
    }
    const say = (line: string): void => void out.write(`${line}\n`)
    const keys = values.key.map((key) => given(key, parseLogVerifier))
    const policy = {
      keys,
      witnesses: values.witness.map((key) => given(key, parseVerifier)),
      wanted: Number(values.witnesses),
    }
    const apiKey = values['api-key'] ?? env['TAMGA_KEY']
    const source = (url: string): LogSource => httpSource(url, apiKey === undefined ? {} : { key: apiKey })
    if (what === 'proof' && rest[0] !== undefined) return await verifyProof(rest[0], values.entry, policy, say)
    if (what === 'log' && rest[0] === undefined) {
      const config = readConfig(env)
      const { issuingState, limits } = config
      const steps = values['no-steps'] ? undefined : { issuingState, nestingMax: limits.nestingMax }
      const database = await openUrl(values.database, config)
      return await verifyDatabase(database.url, keys, steps, say, err).finally(() => database.close())
    }
    if (what === 'log' && rest[0] !== undefined) return await verifyWhole(source(rest[0]), policy, say, err)
    if (what === 'draws' && rest[0] !== undefined) return await tellDraws(rest[0], keys, values.beacon, say)
    if (what === 'consistency' && rest.length === 3) return await compare(rest, policy, source, say)
    if (what === 'watch' && rest[0] !== undefined) {
      const verifier = await verifierFor(source(rest[0]), keys, say)
      const memory = folderMemory(values.folder)
      return await watchLog({
        source: source(rest[0]),
        verifier,
        memory,
        say,
        everyMs: Number(values.every) * 1000,
        once: values.once,
      })
    }
    err.write(usage)
    return 2
  } catch (error) {
    if (!(error instanceof NoteError || error instanceof SourceError)) {
      err.write(`Could not be verified: ${error instanceof Error ? error.message : String(error)}\n`)
      return 2
    }
    out.write(`NOT VERIFIED: ${error.message}.\n`)
    return error instanceof NoteError ? 1 : 2
  }
}

/** A key of the command line: one that is none says nothing about the log. */
function given(text: string, parse: (text: string, primitives: Primitives) => Verifier): Verifier {
  try {
    return parse(text, nodePrimitives)
  } catch (error) {
    throw error instanceof NoteError ? new Error(error.message) : error
  }
}

type Policy = { keys: readonly Verifier[]; witnesses: readonly Verifier[]; wanted: number }
type Say = (line: string) => void

async function verifyProof(file: string, entryFile: string | undefined, policy: Policy, say: Say): Promise<number> {
  const { text, entry } = await readProof(file, entryFile)
  const { origin } = readCheckpoint(parseTlogProof(text).checkpoint)
  const verifier = policy.keys.find((key) => originOf(key) === origin)
  if (!verifier)
    throw new Error(
      `the proof is of ${origin}: give its verifier key with --key. GET /logs has it, and you should have it from elsewhere`,
    )
  const { index, checkpoint } = await verifyTlogProof(text, entry, verifier, nodePrimitives, policy.witnesses)
  demandWitnesses(checkpoint.opened, policy, say)
  say(`VERIFIED: this entry is number ${index} of the ${checkpoint.size} that ${origin} signed.`)
  return 0
}

async function readProof(file: string, entryFile: string | undefined): Promise<{ text: string; entry: Uint8Array }> {
  const text = await readFile(file, 'utf8')
  if (!text.startsWith('{')) {
    if (entryFile === undefined)
      throw new Error('--entry <file> is missing: the bytes of the entry that the proof is about')
    return { text, entry: await readFile(entryFile) }
  }
  const body: unknown = JSON.parse(text)
  if (typeof body !== 'object' || body === null || !('proof' in body && 'entry' in body))
    throw new Error(`${file} has no entry and proof`)
  const entry = entryFile === undefined ? Buffer.from(String(body.entry), 'base64') : await readFile(entryFile)
  return { text: String(body.proof), entry }
}

async function verifyWhole(source: LogSource, policy: Policy, say: Say, err: Output): Promise<number> {
  const verifier = await verifierFor(source, policy.keys, say)
  const signed = await openCheckpoint(await source.checkpoint(), verifier, nodePrimitives, policy.witnesses)
  demandWitnesses(signed.opened, policy, say)
  const bar = createBar(err, signed.origin)
  const startedMs = performance.now()
  const report = await verifyLog({
    source,
    hasher: nodePrimitives,
    claims: [{ size: signed.size, root: signed.root, who: 'the signed checkpoint' }],
    onProgress: (entries) => bar.update(entries, signed.size),
  })
  bar.stop()
  say(`${signed.origin}: ${rate(report.size, performance.now() - startedMs)}`)
  if (!report.entriesHashed)
    say('Only hashes were looked at: the entries themselves need an API key of an auditor (--api-key).')
  for (const fault of report.faults) say(`  ${fault.text}`)
  say(
    report.faults.length === 0
      ? `VERIFIED: all ${signed.size} are what ${signed.origin} signed.`
      : verdict(report.faults),
  )
  return report.faults.length === 0 ? 0 : 1
}

async function compare(
  [olderFile = '', newerFile = '', url = '']: readonly string[],
  policy: Policy,
  source: (url: string) => LogSource,
  say: Say,
): Promise<number> {
  const log = source(url)
  const verifier = await verifierFor(log, policy.keys, say)
  const open = async (file: string) =>
    openCheckpoint(await readFile(file, 'utf8'), verifier, nodePrimitives, policy.witnesses)
  const [older, newer] = [await open(olderFile), await open(newerFile)]
  await checkConsistency(older, newer, log, nodePrimitives)
  say(
    `VERIFIED: the ${Math.min(older.size, newer.size)} entries of the one are the first of the ${Math.max(older.size, newer.size)} of the other.`,
  )
  return 0
}

/** Whose signatures count. Without a key from elsewhere the log's own word is taken, and said so. */
async function verifierFor(source: LogSource, keys: readonly Verifier[], say: Say): Promise<Verifier> {
  const { origin } = readCheckpoint(await source.checkpoint())
  const given = keys.find((key) => originOf(key) === origin)
  if (given) return given
  if (keys.length > 0)
    throw new NoteError(`${source.name} calls itself ${origin}, and no key that was given is of that name`)
  const listed = await listedVerifier(source.name, origin)
  say(
    `The key of ${origin} is taken from the log itself, which proves nothing about who it is. Give the one that you trust with --key.`,
  )
  return listed
}

async function listedVerifier(prefix: string, origin: string): Promise<Verifier> {
  const answer = await fetch(prefix.replace(/\/[^/]+$/, ''))
  const logs: unknown = answer.ok ? await answer.json() : []
  for (const log of Array.isArray(logs) ? (logs as unknown[]) : []) {
    if (typeof log !== 'object' || log === null || !('origin' in log && 'verifierKey' in log)) continue
    if (log.origin === origin) return parseVerifier(String(log.verifierKey), nodePrimitives)
  }
  throw new NoteError(`${prefix} does not say its verifier key; give it with --key`)
}

function demandWitnesses(
  { verified }: Awaited<ReturnType<typeof openCheckpoint>>['opened'],
  policy: Policy,
  say: Say,
): void {
  const cosigned = verified.filter(({ verifier }) => policy.witnesses.includes(verifier))
  for (const { verifier, signature } of cosigned) {
    const seconds = Number(cosignatureTime(signature.bytes) ?? 0n)
    say(`Cosigned by ${verifier.name} on ${new Date(seconds * 1000).toISOString()}.`)
  }
  if (cosigned.length < policy.wanted) {
    throw new NoteError(`${cosigned.length} of the given witnesses cosigned it, and ${policy.wanted} are wanted`)
  }
}

if (process.argv[1] === import.meta.filename) {
  process.exitCode = await run(process.argv.slice(2), { out: process.stdout, err: process.stderr, env: process.env })
}
