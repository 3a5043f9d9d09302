// `npm run witness -- --folder <path> --name <name> --port 8080 <log's verifier key> …`: a witness as a service of its own. It needs
// no database (an argument may be "<verifier key> <origin>" where a log's origin is not its key's name): a folder with its key, the verifier keys of the logs that it watches, and the last checkpoint of each.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Fastify, { type FastifyInstance } from 'fastify'
import { makeFolder, readSecret, writeSecret } from '../config/secret-file.ts'
import { nodePrimitives } from './node-primitives.ts'
import { originOf, parseLogVerifier } from './checkpoint.ts'
import { formatVerifier, isKeyName, signatureType } from './note.ts'
import { type Cosigner, createCosigner, formatSecret, newSeed, parseSecret } from './signer.ts'
import { createWitness, type Witness, type WitnessState } from './witness.ts'

// 63 lines of proof, and a checkpoint with more signatures than any log collects.
const bodyBytesMax = 256 * 1024

/** Files by the hash of the origin: origins are addresses, with slashes. */
export function folderState(folder: string): WitnessState {
  const place = (origin: string): string =>
    join(folder, `${createHash('sha256').update(origin).digest('hex').slice(0, 32)}.checkpoint`)
  return {
    read: async (origin) => {
      const text = await readSecret(place(origin))
      return text === undefined ? undefined : `${text}\n`
    },
    write: (origin, note) => writeSecret(place(origin), note.trimEnd()),
  }
}

/** The witness's key in its folder; made at the first start. */
export async function openCosigner(folder: string, name: string): Promise<Cosigner> {
  const file = join(folder, 'witness.key')
  const known = await readSecret(file)
  if (known !== undefined) {
    const secret = parseSecret(known)
    return createCosigner(secret.name, secret.seed)
  }
  const seed = newSeed()
  const cosigner = createCosigner(name, seed)
  await writeSecret(file, formatSecret(cosigner.verifier, seed))
  return cosigner
}

export function witnessApp(witness: Witness, verifierKey: string): FastifyInstance {
  const app = Fastify({ bodyLimit: bodyBytesMax })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.post('/add-checkpoint', async (request, reply) => {
    const { status, type, body } = await witness.addCheckpoint(typeof request.body === 'string' ? request.body : '')
    return reply.code(status).header('content-type', type).send(body)
  })
  app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(`${verifierKey}\n`))
  return app
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: 'string', default: './witness' },
      name: { type: 'string', default: 'witness.local' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8080' },
    },
  })
  if (!isKeyName(values.name))
    throw new Error('--name must be a name without spaces and plus signs, such as witness.example.org')
  await makeFolder(values.folder)
  const cosigner = await openCosigner(values.folder, values.name)
  const logs = positionals.map((text) => parseLogVerifier(text, nodePrimitives))
  if (logs.some(({ type }) => type !== signatureType.ed25519)) throw new Error('A log signs with an Ed25519 key')
  const verifierKey = formatVerifier(cosigner.verifier)
  const witness = createWitness({ cosigner, logs, state: folderState(values.folder), now: () => new Date() })
  const app = witnessApp(witness, verifierKey)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close())
  const url = await app.listen({ host: values.host, port: Number(values.port) })
  process.stdout.write(
    `Witness on ${url}, watching ${logs.length} log(s): ${logs.map(originOf).join(', ') || 'none; give verifier keys'}\n` +
      `Its verifier key, for the log's WITNESSES: ${verifierKey}\n`,
  )
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
