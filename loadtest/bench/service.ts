// The service as a process of the benchmark's: as `npm start` has it, with the yardsticks' routes beside its own, and a parent that may
// ask what it used. Ends with its parent.
import { Session, type Profiler } from 'node:inspector/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config/config.ts'
import { createPool } from '../../src/db/connect.ts'
import { openDatabase } from '../../src/db/database.ts'
import { openInstallation } from '../../src/db/installation.ts'
import { migrate } from '../../src/db/migrate.ts'
import { hashingShare } from './profile.ts'
import { yardsticks } from './yardsticks.ts'

const config = readConfig(process.env)
const die = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
const tell = { info: () => undefined, warn: () => undefined }

const database = await openDatabase(config, tell, die)
await migrate(database.adminUrl)
const pool = createPool(database.access, () => undefined, { name: 'tamga bench start', max: 1 })
const { masterKey, operatorKey } = await openInstallation(pool, config)
await pool.end()
const app = await buildApp({ config, access: database.access, masterKey, operatorKey, onFatal: die })
// The second of two has none: their connections are many.
if (config.databaseUrl === undefined) await app.register(yardsticks, { access: database.access })
const url = await app.listen({ host: '127.0.0.1', port: 0, backlog: config.limits.connectionsWaitingMax })

const late = monitorEventLoopDelay({ resolution: 10 })
late.enable()
let session: Session | undefined
async function answer(question: unknown): Promise<unknown> {
  switch (question) {
    case 'cpu':
      return process.cpuUsage()
    case 'memory':
      return process.memoryUsage.rss() / 2 ** 20
    case 'lag': {
      const worst = late.max / 1e6
      late.reset()
      return worst
    }
    case 'profile':
      session = new Session()
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 500 })
      return session.post('Profiler.start')
    case 'share': {
      const stopped: Profiler.StopReturnType | undefined = await session?.post('Profiler.stop')
      return stopped ? hashingShare(stopped.profile) : 0
    }
    default:
      throw new Error(`nobody asks ${String(question)}`)
  }
}

async function end(): Promise<void> {
  await app.close()
  await database.stop()
  process.exit(0)
}

process.on('message', (question) => {
  if (question === 'end') end().catch(die)
  else answer(question).then((said) => process.send?.({ said }), die)
})
process.on('disconnect', () => void end().catch(die))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined) // The parent ends us.
process.send?.({ url, operatorKey, adminUrl: database.adminUrl, access: database.access })
