import type { ClientBase } from 'pg'
import { to } from 'pg-copy-streams'

// "PGCOPY\n\377\r\n\0", flags, length of an extension that there never was (PostgreSQL manual, COPY, "Binary Format").
const headBytes = 19

/**
 * The rows of a query as the bytes of their columns. As the results of an ordinary query they would come as hexadecimal text, twice as
 * long, made by the server and taken apart here: that took longer than to hash them.
 * @param query without parameters: COPY takes none
 */
export async function copyRows(client: ClientBase, query: string): Promise<Buffer[][]> {
  const parts: Buffer[] = []
  for await (const part of client.query(to(`copy (${query}) to stdout (format binary)`))) {
    if (Buffer.isBuffer(part)) parts.push(part)
  }
  return splitRows(Buffer.concat(parts))
}

function splitRows(bytes: Buffer): Buffer[][] {
  const rows: Buffer[][] = []
  for (let at = headBytes; ;) {
    const columns = bytes.readInt16BE(at)
    at += 2
    if (columns < 0) return rows
    const row: Buffer[] = []
    for (let i = 0; i < columns; i++) {
      const length = bytes.readInt32BE(at)
      at += 4
      row.push(bytes.subarray(at, at + Math.max(0, length)))
      at += Math.max(0, length)
    }
    rows.push(row)
  }
}
