// Where things lie. `npm test` runs the tests compiled (dist/test), which starts each of its processes in half the time; one alone runs from
// its source (test) just as well.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiled = import.meta.url.endsWith('.js')

/** The folder of package.json. */
export const repository = fileURLToPath(new URL(compiled ? '../../..' : '../..', import.meta.url))

/** Other people's test data, beside the repository. */
export const corporaFolder = process.env['CORPORA'] ?? join(repository, '../shared/corpora')

/** The command that runs a program of ours from the repository's folder. `source`: as `src/server.ts`. */
export const programCommand = (source: string): readonly [string, ...string[]] =>
  compiled
    ? [process.execPath, join('dist', source.replace(/\.ts$/, '.js'))]
    : [process.execPath, '--import', 'tsx', source]
