// The pages' own files: one stylesheet and a few small scripts, bundled in memory when the first page is asked for. Their names
// hold a digest of what is in them, so a browser keeps them for good.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'
import { base } from './session.ts'

/** Scripts that a page may name; further pieces are loaded by them when they are needed. */
const entries = ['camera-field', 'life', 'scanner', 'inspection', 'refresh', 'editor'] as const
export type Script = (typeof entries)[number]

export type Asset = { bytes: Uint8Array; type: string }
export type Assets = {
  style: string
  /** What opens the scanner without a network: a script that is asked for by one name in all its versions. */
  worker: Uint8Array
  script(name: Script): string
  find(name: string): Asset | undefined
  /** Bytes of a script and of what it loads at once, for the budget of a page. */
  sizeOf(name: Script): number
}

let built: Promise<Assets> | undefined

/** Built once in a process, whoever asks first. */
export const loadAssets = (): Promise<Assets> => (built ??= buildAssets())

const here = new URL('.', import.meta.url)
/** As sources under tsx, as JavaScript where they were compiled. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

async function buildAssets(): Promise<Assets> {
  const files = new Map<string, Asset>()
  const wasm = await readFile(new URL(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')))
  const wasmName = `reader-${createHash('sha256').update(wasm).digest('hex').slice(0, 8)}.wasm`
  files.set(wasmName, { bytes: wasm, type: 'application/wasm' })
  const { outputFiles, metafile } = await build({
    entryPoints: [
      ...entries.map((name) => ({ in: fileURLToPath(new URL(`client/${name}.${extension}`, here)), out: name })),
      { in: fileURLToPath(new URL('style.css', here)), out: 'style' },
    ],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    metafile: true,
    outdir: '/',
    absWorkingDir: '/',
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    logLevel: 'silent',
    define: { readerWasm: JSON.stringify(`${base}/assets/${wasmName}`) },
  })
  for (const { path, contents } of outputFiles) {
    const type = path.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8'
    files.set(basename(path), { bytes: contents, type })
  }
  const nameOf = (entry: string): string => {
    const found = [...files.keys()].find((name) => name.startsWith(`${entry}-`) && !name.endsWith('.wasm'))
    if (found === undefined) throw new Error(`no ${entry} was built`)
    return found
  }
  const address = (entry: string) => `${base}/assets/${nameOf(entry)}`
  const worker = await buildWorker([...files.keys()].filter((name) => !name.endsWith('.wasm')))
  await stop()
  return {
    style: address('style'),
    worker,
    script: address,
    find: (name) => files.get(name),
    sizeOf: (name) => sizeWithImports(metafile.outputs, nameOf(name)),
  }
}

/** @param names of the pages' own files, which it keeps */
async function buildWorker(names: readonly string[]): Promise<Uint8Array> {
  const version = createHash('sha256').update(names.join()).digest('hex').slice(0, 12)
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`client/worker.${extension}`, here))],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
    define: {
      ownFiles: JSON.stringify(names.map((name) => `${base}/assets/${name}`)),
      version: JSON.stringify(version),
    },
  })
  const [worker] = outputFiles
  if (!worker) throw new Error('no worker was built')
  return worker.contents
}

type Outputs = Awaited<ReturnType<typeof build>>['metafile'] extends infer Meta
  ? Meta extends { outputs: infer Found }
    ? Found
    : never
  : never

/** What a browser fetches before the script runs: itself and its static imports; `import()` is for later. */
function sizeWithImports(outputs: Outputs, name: string, seen = new Set<string>()): number {
  if (seen.has(name)) return 0
  seen.add(name)
  const output = Object.entries(outputs).find(([path]) => basename(path) === name)?.[1]
  if (!output) return 0
  const imports = output.imports.filter(({ kind }) => kind === 'import-statement')
  return output.bytes + imports.reduce((sum, { path }) => sum + sizeWithImports(outputs, basename(path), seen), 0)
}
