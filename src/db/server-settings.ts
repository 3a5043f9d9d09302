// What the embedded server is set to, each with its reason. Given on its command line, so that they follow the version
// of the service and not the age of the data folder. What is not named here is PostgreSQL's default.
import { createHash } from 'node:crypto'
import { platform, release, totalmem } from 'node:os'
import { limits } from '../config/limits.ts'

const megabyte = 1024 * 1024

export function serverSettings(): Readonly<Record<string, string>> {
  return {
    // Nobody but this machine: the bundled OpenSSL is old, and nobody else has business here.
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '60', // The pool, the writer, commands and a person with psql, three services over.

    // An acknowledged event is on the disk. These are the defaults; they stand here because everything rests on them.
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // After a crash everything is flushed before the log is read back: the file system at once, not a thousand files one by one, which
    // took 1.4 to 2 s of the 2 to 2.6 s that a recovery took; with it 0.7 to 1.6 s.
    ...(flushesAtOnce() ? { recovery_init_sync_method: 'syncfs' } : {}),

    shared_buffers: `${sharedBuffersMb()}MB`,
    // Bulk code orders and full-page images after a checkpoint write a lot of WAL; few, long, smooth checkpoints
    // write less of it. The price is a longer recovery: about 20 s at the worst.
    max_wal_size: '2GB',
    checkpoint_timeout: '10min',
    max_slot_wal_keep_size: `${limits.walKeptMaxMb}MB`,
    wal_compression: 'on', // pglz: the one method that every build has.

    random_page_cost: '1.1', // Solid-state disks; 4 makes the planner prefer whole scans to index descents.
    work_mem: '16MB',
    jit: 'off', // Compiling costs more than any of our queries runs.
    max_locks_per_transaction: '128', // Two partitioned tables of 16 partitions, with their indexes.
    huge_pages: 'off', // "try" ends in SIGBUS in containers that count huge pages but give none.

    // Ledger tables only grow: vacuum after inserts keeps index-only scans and freezes early, in small bites.
    autovacuum: 'on',
    autovacuum_vacuum_insert_scale_factor: '0.05',
    autovacuum_analyze_scale_factor: '0.02',

    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C', // The service reads the log for reasons of a failed start.
    log_line_prefix: '%m [%p] ',
    log_checkpoints: 'off',
    // Statements carry codes and hashes of keys: they do not belong in a log file.
    log_min_error_statement: 'panic',
    log_parameter_max_length_on_error: '0',
  }
}

// An eighth of what the container or machine has: the rest serves the page cache, Node and whoever else lives here.
function sharedBuffersMb(): number {
  // Node says a number beyond any machine's where no limit is set.
  const constrained = process.constrainedMemory()
  const memory = constrained > 0 && constrained < totalmem() ? constrained : totalmem()
  return Math.min(2048, Math.max(64, Math.floor(memory / 8 / megabyte)))
}

/** Linux before 5.8 did not tell of errors of syncfs; other systems have none. */
function flushesAtOnce(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return platform() === 'linux' && (major > 5 || (major === 5 && minor >= 8))
}

/** Tells a running server of other settings from one of ours. */
export const settingsId = (settings: Readonly<Record<string, string>>): string =>
  createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16)
