// npm run bench [-- --quick] [--json FILE] [--only row,row] [--soak [--minutes 10]]: how fast the service is, as ratios against what cannot be beaten and
// against what one would otherwise write, all in one run on one machine. It makes its own service and database and removes them.
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Scenario } from './bench/scenario.ts'
import { openStage } from './bench/stage.ts'
import { type Row, type Skipped, tableOf } from './bench/table.ts'
import { borderScan } from './scenarios/border-scan.ts'
import { bulk } from './scenarios/bulk.ts'
import { bytes } from './scenarios/bytes.ts'
import { codes } from './scenarios/codes.ts'
import { overload } from './scenarios/overload.ts'
import { history } from './scenarios/history.ts'
import { orders } from './scenarios/orders.ts'
import { pallet } from './scenarios/pallet.ts'
import { recall } from './scenarios/recall.ts'
import { saleChecks } from './scenarios/sale-checks.ts'
import { saleOpen } from './scenarios/sale-open.ts'
import { scans } from './scenarios/scans.ts'
import { settling } from './scenarios/settling.ts'
import { soak } from './scenarios/soak.ts'
import { tree } from './scenarios/tree.ts'
import { twoLogs } from './scenarios/two-logs.ts'

const scenarios: Readonly<Record<string, Scenario>> = {
  codes,
  scans,
  bulk,
  pallet,
  sale: saleChecks,
  'sale-open': saleOpen,
  overload,
  tree,
  bytes,
  history,
  orders,
  settling,
  recall,
  'border-scan': borderScan,
  'two-logs': twoLogs,
}

const { values: asked } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string' },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
  },
})
const all: Readonly<Record<string, Scenario>> = { ...scenarios, soak: soak(Number(asked.minutes)) }
const chosen = asked.soak ? ['soak'] : asked.only === undefined ? Object.keys(scenarios) : asked.only.split(',')
const rounds = asked.quick ? 5 : 7
const tell = (text: string) => void process.stderr.write(`${text}\n`)

const startedMs = performance.now()
tell('Starting a service and a database of their own …')
const stage = await openStage(asked.quick)
let closing: Promise<void> | undefined
const close = () => (closing ??= stage.close())
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void close().finally(() => process.exit(130)))
}

const rows: (Row | Skipped)[] = []
function fell(name: string, error: unknown): Skipped[] {
  process.exitCode = 1
  tell(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return [{ name, skipped: `FAILED: ${error instanceof Error ? error.message : String(error)}` }]
}
try {
  for (const name of chosen) {
    const scenario = all[name]
    if (!scenario) throw new Error(`there is no ${name}; there are ${Object.keys(all).join(', ')}`)
    // What the others measured is not lost with one of them.
    const played = scenario({ stage, rounds, tell: (text) => tell(`${name}: ${text}`) })
    rows.push(...(await played.catch((error: unknown) => fell(name, error))))
    if (asked.json !== undefined) await writeFile(asked.json, `${JSON.stringify(rows, null, 2)}\n`)
  }
} finally {
  await close()
}
const cores = cpus().length

const took = Math.round((performance.now() - startedMs) / 1000)
const machine = `${cores} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()
  .map((value) => value.toFixed(1))
  .join(' ')}`
process.stdout.write(`\n${tableOf(rows)}\n\n${new Date().toISOString().slice(0, 10)}, ${machine}, ${took} s\n`)
