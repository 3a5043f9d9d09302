// `npm run fit -- [folder] [more files…]`: fits a profile to the training file, and has the service's own back-test score it.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { backtest } from '../backtest.ts'
import { createRuleEngine } from '../engine.ts'
import { makeReady, profileHash } from '../profile.ts'
import { fitProfile } from './fit.ts'
import { krOptions, readKrCustoms } from './kr-customs.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** @returns the exit status: 1 where the validation file is missed */
export async function run(args: readonly string[]): Promise<number> {
  const [folder = join('..', 'shared', 'corpora', 'kr-customs-syn'), ...files] = args
  const found = await filesIn(folder)
  const train = found.find((file) => /train/i.test(file))
  if (train === undefined) {
    say(`There is no training file in ${folder}. Name a folder that has df_syn_train_eng.csv.`)
    return 2
  }
  const profile = fitProfile(readKrCustoms(await textOf(train)), krOptions)
  const engine = createRuleEngine()
  const made = makeReady(engine, profile)
  if ('faults' in made) throw new Error(`${made.faults[0]?.path}: ${made.faults[0]?.detail}`)
  say(`${profile.rules.length} rules, ${profileHash(profile)}. ${profile.text}\n`)
  for (const { id, when, score, text } of profile.rules)
    say(`${id}  ${String(score).padStart(8)}  ${when}\n      ${text}`)
  let status = 0
  for (const file of [...found.filter((each) => each !== train), ...files]) {
    const cases = readKrCustoms(await textOf(file)).map(({ facts, hit }) => ({
      facts,
      office: '',
      party: '',
      differs: hit,
    }))
    const { ranking } = backtest(engine, made.ready, cases)
    say(`\n${basename(file)}: ${cases.length} lines`)
    for (const { share, selected, hits, precision } of ranking) {
      const least = { 0.05: 0.7, 0.1: 0.6 }[share]
      const missed = least !== undefined && precision < least
      if (missed) status = 1
      const wanted = least === undefined ? '' : `, at least ${least}${missed ? '  MISSED' : ''}`
      say(
        `  among the top ${String(share * 100).padStart(2)} %: ${hits} of ${selected}, precision ${precision.toFixed(3)}${wanted}`,
      )
    }
  }
  const kept = process.env['FIT_PROFILE']
  if (kept !== undefined) await writeFile(kept, JSON.stringify(profile, undefined, 2))
  return status
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file)
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const tables = names.filter((name) => /\.csv(\.gz)?$/.test(name)).sort()
  // The same rows once more under Korean names would be counted twice.
  const english = tables.filter((name) => /_eng\.csv(\.gz)?$/.test(name))
  return (english.length > 0 ? english : tables).map((name) => join(folder, name))
}

if (process.argv[1] === import.meta.filename) process.exitCode = await run(process.argv.slice(2))
