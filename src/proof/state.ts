// What /ready and /metrics say of the database, its logs and the disk, from one look a second at most.
import { setTimeout as delay } from 'node:timers/promises'
import { Gauge, type Registry } from 'prom-client'
import { type Disk, megabytes, readDisk } from '../config/disk.ts'
import { createCached } from '../db/cached.ts'
import type { Reason } from '../http/health.ts'
import { readState, type State } from './state-store.ts'
import type { Queryable } from './store.ts'

export type WatchOptions = {
  pool: Queryable
  metrics: Registry
  now: () => Date
  /** The folder whose disk is watched; undefined where it is none of ours. */
  dataDir: string | undefined
  diskReserveBytes: number
  checkpointLateMaxMs: number
  /** What takes longer to answer does not serve. */
  readyMaxMs: number
}

type Look = { state: State | undefined; fault: unknown; disk: Disk | undefined }

const lookAgeMaxMs = 1_000

/** @returns what stands against serving now, and nothing where all is well */
export function watchState(options: WatchOptions): () => Promise<Reason[]> {
  const look = createCached<'now', Look>({
    load: () => lookAround(options),
    now: options.now,
    entriesMax: 1,
    ageMaxMs: lookAgeMaxMs,
  })
  const current = async (): Promise<Look> => {
    const found = (await look.get('now')) ?? (await lookAround(options))
    // What was wrong a moment ago is asked again: it may be over.
    if (found.state === undefined) look.forget()
    return found
  }
  exposeState(options.metrics, current, async () => reasonsOf(await current(), options))
  return async () => reasonsOf(await current(), options)
}

async function lookAround({ pool, dataDir, readyMaxMs }: WatchOptions): Promise<Look> {
  const disk = dataDir === undefined ? undefined : await readDisk(dataDir).catch(() => undefined)
  try {
    return { state: await Promise.race([readState(pool), tooLate(readyMaxMs)]), fault: undefined, disk }
  } catch (fault) {
    return { state: undefined, fault, disk }
  }
}

async function tooLate(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false })
  throw new Error(`the database said nothing for ${ms} ms`)
}

/** Everything that /ready may name, in the order of weight. */
const names = ['database', 'read_only', 'disk', 'checkpoint'] as const

function reasonsOf({ state, fault, disk }: Look, options: WatchOptions): Reason[] {
  const reasons: Reason[] = []
  const add = (name: (typeof names)[number], detail: string, cause?: unknown): void =>
    void reasons.push({ name, detail, cause })
  if (state === undefined) add('database', 'The database does not answer. Try again shortly.', fault)
  if (state?.readOnly === true) {
    add(
      'read_only',
      'The database takes nothing new: it is a standby, or set to read only. Point DATABASE_URL at the primary.',
    )
  }
  if (disk !== undefined && disk.freeBytes < options.diskReserveBytes) {
    add('disk', `The disk of DATA_DIR is full: ${megabytes(disk.freeBytes)} are free. Make room on it.`)
  }
  const late = state?.logs.filter(({ unsignedSeconds }) => unsignedSeconds * 1000 > options.checkpointLateMaxMs) ?? []
  for (const { log, unsignedSeconds } of late) {
    const seconds = Math.round(unsignedSeconds)
    add(
      'checkpoint',
      `Entries of ${log} wait for a checkpoint since ${seconds} s. See the service's log for why it cannot sign.`,
    )
  }
  return reasons
}

function exposeState(registry: Registry, look: () => Promise<Look>, reasons: () => Promise<Reason[]>): void {
  type Labels = Record<string, string>
  const gauge = (name: string, help: string, labelNames: readonly string[], read: (look: Look) => [Labels, number][]) =>
    new Gauge({
      name: `tamga_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      async collect() {
        const found = await look()
        this.reset()
        for (const [labels, value] of read(found)) this.set(labels, value)
      },
    })
  const each = (read: (log: State['logs'][number]) => [Labels, number][]) => (found: Look) =>
    found.state?.logs.flatMap(read) ?? []
  gauge('database_up', 'Whether the database answers', [], ({ state }) => [[{}, state === undefined ? 0 : 1]])
  gauge(
    'log_entries',
    'Entries of a log',
    ['log'],
    each(({ log, entries }) => [[{ log }, entries]]),
  )
  gauge(
    'checkpoint_lag_seconds',
    'Since when the oldest entry waits that no checkpoint covers; 0 where all are covered',
    ['log'],
    each(({ log, unsignedSeconds }) => [[{ log }, unsignedSeconds]]),
  )
  gauge(
    'follower_lag_entries',
    'Entries that who follows a log has not seen: checkpoints, the watch for clones, each witness',
    ['log', 'follower'],
    each(({ log, entries, signed, compared, cosigned }) => [
      [{ log, follower: 'checkpoint' }, entries - signed],
      [{ log, follower: 'clones' }, entries - compared],
      ...[...cosigned].map(([name, size]): [Labels, number] => [{ log, follower: `witness ${name}` }, entries - size]),
    ]),
  )
  gauge('findings_undigested_seconds', 'Since when the oldest finding waits for its digest', [], ({ state }) =>
    state === undefined ? [] : [[{}, state.undigestedSeconds]],
  )
  gauge('capture_jobs_open', 'Documents that are not worked off', [], ({ state }) =>
    state === undefined ? [] : [[{}, state.openJobs]],
  )
  gauge('disk_free_bytes', 'What may still be written to the disk of DATA_DIR', [], ({ disk }) =>
    disk === undefined ? [] : [[{}, disk.freeBytes]],
  )
  gauge('disk_size_bytes', 'The size of the disk of DATA_DIR', [], ({ disk }) =>
    disk === undefined ? [] : [[{}, disk.sizeBytes]],
  )
  new Gauge({
    name: 'tamga_not_ready',
    help: '1 for each reason for which /ready answers 503',
    labelNames: ['reason'],
    registers: [registry],
    async collect() {
      const now = new Set((await reasons()).map(({ name }) => name))
      for (const reason of names) this.set({ reason }, now.has(reason) ? 1 : 0)
    },
  })
}
