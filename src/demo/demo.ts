// `npm run demo`: plays a story against a running service; `npm run demo -- --epcis FILE`: replays other people's events.
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Type } from 'typebox'
import { playBorder } from './border.ts'
import { type Client, createClient, DemoError } from './client.ts'
import { usualQuantities } from './goods.ts'
import { createNumbers } from './numbers.ts'
import { replayFile } from './replay.ts'
import { playStory } from './story.ts'
import { createTeller, type Output } from './tell.ts'

const usage = `npm run demo -- [options]

  --url URL        where the service is (http://127.0.0.1:3000)
  --key KEY        the operator's key (else OPERATOR_KEY, else DATA_DIR/operator.key, else ./data/operator.key)
  --bottles N      how many bottles the story has (20,000)
  --border         instead of the story: a day at a border post (480 bottles a lorry)
  --epcis FILE     instead of the story: post the events of an EPCIS 2.0 JSON document, in a group that only observes
`

const options = {
  url: { type: 'string', default: 'http://127.0.0.1:3000' },
  key: { type: 'string' },
  bottles: { type: 'string' },
  epcis: { type: 'string' },
  border: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

export type DemoWorld = {
  env: Readonly<Record<string, string | undefined>>
  out: Output
  err: Output
  now?: () => Date
}

/** Runs the demo as the command line says; gives the exit status. What went wrong is one sentence on `err`. */
export async function runDemo(
  argv: readonly string[],
  { env, out, err, now = () => new Date() }: DemoWorld,
): Promise<number> {
  try {
    const asked = readArguments(argv)
    if (asked.help) {
      out.write(usage)
      return 0
    }
    const tell = createTeller(out)
    const anyone = createClient(readUrl(asked.url))
    await anyone.ask(Type.Unknown(), 'GET', '/ready')
    const operator = anyone.as(await findKey(asked.key, env))
    await checkOperator(operator)
    if (asked.epcis !== undefined) {
      await replayFile({ tell, operator, file: asked.epcis, now })
    } else if (asked.border) {
      const bottles = asked.bottles === undefined ? 480 : readBottles(asked.bottles)
      await playBorder({ tell, operator, numbers: createNumbers(randomInt), bottles, out, err })
    } else {
      const quantities = { ...usualQuantities, bottles: readBottles(asked.bottles) }
      await playStory({ tell, operator, numbers: createNumbers(randomInt), now, quantities })
    }
    return 0
  } catch (error) {
    if (!(error instanceof DemoError)) throw error
    err.write(`${error.message}\n`)
    return 1
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options }).values
  } catch (error) {
    throw new DemoError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

function readUrl(text: string): string {
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text
  throw new DemoError(`--url must look like http://127.0.0.1:3000, not ${JSON.stringify(text)}.`)
}

function readBottles(text: string | undefined): number {
  if (text === undefined) return usualQuantities.bottles
  if (/^\d{1,6}$/.test(text) && Number(text) >= 2) return Number(text)
  throw new DemoError(`--bottles must be a whole number from 2 to 999999, not ${JSON.stringify(text)}.`)
}

async function findKey(given: string | undefined, env: DemoWorld['env']): Promise<string> {
  const key = given ?? env['OPERATOR_KEY']
  if (key !== undefined && key !== '') return key
  const place = join(env['DATA_DIR'] || './data', 'operator.key')
  try {
    return (await readFile(place, 'utf8')).trim()
  } catch {
    throw new DemoError(
      `There is no operator's key at ${place}. Start the demo where the service was started, set DATA_DIR as for the service, ` +
        'or name the key with --key or OPERATOR_KEY.',
    )
  }
}

const Me = Type.Object({ roles: Type.Array(Type.String()) })

async function checkOperator(operator: Client): Promise<void> {
  const { status } = await operator.call('GET', '/participants/me')
  if (status === 401) {
    throw new DemoError(
      `The service at ${operator.url} does not know this key. Take the one that it named at its start.`,
    )
  }
  const { roles } = await operator.ask(Me, 'GET', '/participants/me')
  if (!roles.includes('operator'))
    throw new DemoError("This is not the operator's key: only the operator registers participants.")
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await runDemo(process.argv.slice(2), {
    env: process.env,
    out: process.stdout,
    err: process.stderr,
  })
}
