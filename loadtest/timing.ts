// Whether a stranger could tell from the time of an answer what its words hide: every route that answers 404 alike about somebody
// else's object and about one that never was, asked both ways in turns, on a service and database of its own, over its socket.
// `npm run loadtest:timing [-- asks]`; exit status 1 where one takes noticeably longer than the other.
import { type NamedRoute, namedRoutes, scene } from '../test/participants/objects.ts'

const asks = Number(process.argv[2] ?? 200)
const warmUps = 20
/** Routes at a time: an answer of 404 mostly waits. */
const besideEachOther = 4
/**
 * Of two answers drawn at random, how often that about the foreign object may be the later one: a half is chance. Beyond this a
 * hundred questions would tell, even over a network that adds a millisecond here and there.
 */
const noticeable = { from: 0.25, to: 0.75 }

const teardowns: (() => unknown)[] = []
const made = await scene({ teardown: (done: () => unknown) => void teardowns.unshift(done) })
const { app, stranger } = made
const origin = await app.app.listen({ host: '127.0.0.1', port: 0 })

type Answer = { status: number; ms: number }
async function ask(method: string, path: string, body: unknown): Promise<Answer> {
  const startedMs = performance.now()
  const answer = await fetch(origin + path, {
    method,
    headers: {
      authorization: `Bearer ${stranger.key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  await answer.arrayBuffer()
  return { status: answer.status, ms: performance.now() - startedMs }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Of all pairs, the share in which the first of the two is the later (Mann and Whitney's U, over the number of pairs). */
function laterShare(first: readonly number[], second: readonly number[]): number {
  let later = 0
  for (const a of first) for (const b of second) later += a > b ? 1 : a === b ? 0.5 : 0
  return later / (first.length * second.length)
}

type Measured = { name: string; foreign: number; never: number; share: number }

/** Undefined for a route that does not answer 404. */
async function measure({ name, method, object, at, body }: NamedRoute): Promise<Measured | undefined> {
  if (!object) return undefined
  const answers = [await ask(method, at(object.own), body), await ask(method, at(object.never), body)]
  if (answers.some(({ status }) => status !== 404)) return undefined
  const took: { foreign: number[]; never: number[] } = { foreign: [], never: [] }
  for (let i = 0; i < asks + warmUps; i++) {
    // In turns, and each as often first as the other.
    const turns: readonly ('foreign' | 'never')[] = i % 2 === 0 ? ['foreign', 'never'] : ['never', 'foreign']
    for (const which of turns) {
      const { ms } = await ask(method, at(which === 'foreign' ? object.own : object.never), body)
      if (i >= warmUps) took[which].push(ms)
    }
  }
  process.stderr.write(`${name}\n`)
  return {
    name,
    foreign: median(took.foreign),
    never: median(took.never),
    share: laterShare(took.foreign, took.never),
  }
}

const rows: Measured[] = []
const routes = namedRoutes(made)
while (routes.length > 0) {
  const measured = await Promise.all(routes.splice(0, besideEachOther).map(measure))
  rows.push(...measured.flatMap((row) => row ?? []))
}
for (const done of teardowns) await done()

process.stdout.write('\n| route | foreign, ms | never there, ms | foreign is later |\n| --- | --- | --- | --- |\n')
for (const { name, foreign, never, share } of rows.sort((a, b) => Math.abs(b.share - 0.5) - Math.abs(a.share - 0.5))) {
  process.stdout.write(`| ${name} | ${foreign.toFixed(2)} | ${never.toFixed(2)} | ${(100 * share).toFixed(0)} % |\n`)
}
const told = rows.filter(({ share }) => share < noticeable.from || share > noticeable.to)
process.stdout.write(`\n${rows.length} routes, ${asks} questions each way; ${told.length} could be told apart\n`)
process.exit(told.length === 0 ? 0 : 1)
