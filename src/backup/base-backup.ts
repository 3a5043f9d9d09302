// PostgreSQL's own online backup, over its replication protocol ("Streaming Replication Protocol", BASE_BACKUP, version 15 and later):
// the embedded server comes without pg_basebackup. The server marks a checkpoint, sends every file while it goes on serving, and the
// write-ahead log that makes the files one moment.
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import pg from 'pg'
import { ConfigError } from '../config/config.ts'
import { connectFault } from '../db/connect.ts'

export type Source = { readonly systemId: string; readonly version: string; readonly major: number }

/** What the server sends, in order. `files` is a piece of one tar of the data folder, `manifest` a piece of its own list of files. */
export type BackupPart = { readonly kind: 'files' | 'manifest'; readonly bytes: Buffer }

export type BaseBackup = {
  readonly source: Source
  /** About how much will come, in bytes; known once the first part is there. */
  total(): number
  readonly parts: AsyncIterable<BackupPart>
  /** The stretch of the write-ahead log that goes with the files; known once all parts were taken. */
  wal(): { readonly timeline: number; readonly start: string; readonly end: string }
  close(): Promise<void>
}

/** @param maxRateMb megabytes a second at most, so that the service keeps its disk; 0: as fast as it goes */
export async function openBaseBackup(url: string, maxRateMb: number): Promise<BaseBackup> {
  const address = new URL(url)
  address.searchParams.set('replication', 'database')
  address.searchParams.delete('options')
  const client = new pg.Client({ connectionString: address.toString(), application_name: 'tamga backup' })
  client.on('error', () => undefined)
  await client.connect().catch((error: unknown) => {
    throw connectFault('DATABASE_URL', error)
  })
  try {
    const source = await readSource(client)
    // Held until this connection ends: what the server wrote meanwhile is still there when it comes to sending it.
    await client.query(
      `CREATE_REPLICATION_SLOT tamga_backup_${randomBytes(4).toString('hex')} TEMPORARY PHYSICAL RESERVE_WAL`,
    )
    const rate = maxRateMb > 0 ? `, MAX_RATE ${Math.min(maxRateMb * 1024, 1_048_576)}` : ''
    const query = client.query(
      new CopyQuery(
        `BASE_BACKUP (LABEL 'tamga', PROGRESS true, CHECKPOINT 'fast', WAL true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256'${rate})`,
      ),
    )
    return {
      source,
      total: () => Number(query.rows[1]?.[2] ?? 0) * 1024,
      parts: readParts(query),
      wal: () => readWal(query.rows),
      close: () => client.end(),
    }
  } catch (error) {
    await client.end().catch(() => undefined)
    throw backupFault(error)
  }
}

async function readSource(client: pg.Client): Promise<Source> {
  const { rows } = await client.query<{ systemid: string }>('IDENTIFY_SYSTEM')
  const version = await client.query<{ server_version: string }>('SHOW server_version')
  const text = version.rows[0]?.server_version ?? ''
  return { systemId: rows[0]?.systemid ?? '', version: text, major: Number.parseInt(text, 10) }
}

function readWal(rows: readonly (readonly string[])[]): { timeline: number; start: string; end: string } {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined || rows.length < 3)
    throw new Error('the server did not say where it began and ended')
  return { timeline: Number(last[1]), start: first[0] ?? '', end: last[0] ?? '' }
}

/** Messages are `n` (an archive begins), `m` (the manifest begins), `d` (data) and `p` (progress). */
async function* readParts(query: CopyQuery): AsyncGenerator<BackupPart> {
  let kind: BackupPart['kind'] = 'files'
  let archives = 0
  try {
    for await (const message of query) {
      if (!Buffer.isBuffer(message)) continue
      const letter = String.fromCharCode(message[0] ?? 0)
      if (letter === 'd') yield { kind, bytes: message.subarray(1) }
      else if (letter === 'm') kind = 'manifest'
      else if (letter === 'n' && ++archives > 1) {
        throw new ConfigError('This database has tablespaces outside its folder. Use pg_basebackup for it.')
      }
    }
  } catch (error) {
    throw backupFault(error)
  }
}

function backupFault(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  if (/permission denied|must be superuser or replication/.test(message)) {
    return new ConfigError(
      `DATABASE_URL: this login may not take a backup (${message}). Give it REPLICATION, or use pg_basebackup.`,
    )
  }
  if (/has already been removed|invalidat/.test(message)) {
    return new ConfigError(
      `The backup took so long that the server could not keep its write-ahead log any more (${message}). ` +
        'Take it to a faster disk, or without --max-rate.',
    )
  }
  return error instanceof Error ? error : new Error(message)
}

type Message = { readonly chunk: Buffer }
type Row = { readonly fields: readonly (string | Buffer | null)[] }

/** A query that answers with rows and a COPY, as `pg` has none: pieces are given on as they come, and the server waits for who reads. */
class CopyQuery extends Readable implements pg.Submittable {
  readonly rows: string[][] = []
  readonly #text: string
  #connection: pg.Connection | undefined

  constructor(text: string) {
    // Messages of some 32 kB: a few megabytes under way.
    super({ objectMode: true, highWaterMark: 64 })
    this.#text = text
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection
    connection.query(this.#text)
  }

  override _read(): void {
    this.#connection?.stream.resume()
  }

  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}

  handleDataRow({ fields }: Row): void {
    this.rows.push(fields.map((field) => (field === null ? '' : field.toString())))
  }

  handleCopyData({ chunk }: Message): void {
    // `pg` uses its buffer again for what comes next.
    if (!this.push(Buffer.from(chunk))) this.#connection?.stream.pause()
  }

  handleReadyForQuery(): void {
    this.push(null)
  }

  handleError(error: Error): void {
    this.destroy(error)
  }
}
