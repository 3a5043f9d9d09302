// What must hold of every log after every test: dense positions, and a head that the raw entries recompute.
import pg from 'pg'
import { append, emptyEdge, leafHash, packEdge, root } from '../../src/ledger/merkle.ts'

export type LedgerReport = { log: string; size: number; heads: number }

/**
 * Recomputes every log from its entries and compares it with every stored head. Throws at the first thing that does not fit.
 * @param url a connection that may read the schema tamga
 */
export async function checkLedger(url: string): Promise<LedgerReport[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  // One moment for all statements: another service of the same test may still be writing.
  await client.query('begin isolation level repeatable read read only')
  try {
    const { rows: logs } = await client.query<{ id: number; name: string }>(
      'select id, name from tamga.log order by id',
    )
    const reports: LedgerReport[] = []
    for (const { id, name } of logs) reports.push(await checkLog(client, id, name))
    return reports
  } finally {
    await client.end()
  }
}

async function checkLog(client: pg.Client, id: number, name: string): Promise<LedgerReport> {
  const { rows: heads } = await client.query<{ size: string; root: Buffer; edge: Buffer }>(
    'select size::text, root, edge from tamga.head where log_id = $1 order by head.size',
    [id],
  )
  const { rows: entries } = await client.query<{ position: string; bytes: Buffer }>(
    'select position::text, bytes from tamga.entry where log_id = $1 order by entry.position',
    [id],
  )
  let edge = emptyEdge
  let next = 0
  entries.forEach(({ position, bytes }, i) => {
    if (Number(position) !== i) throw new Error(`log ${name}: expected position ${i}, found ${position}`)
    edge = append(edge, leafHash(bytes))
    while (heads[next] && Number(heads[next]?.size) === edge.size) {
      const head = heads[next++]
      if (!head?.root.equals(root(edge))) throw new Error(`log ${name}: the head of size ${edge.size} has another root`)
      if (!head.edge.equals(packEdge(edge)))
        throw new Error(`log ${name}: the head of size ${edge.size} has another edge`)
    }
  })
  if (next !== heads.length)
    throw new Error(`log ${name}: a head of size ${heads[next]?.size} with ${edge.size} entries`)
  const newest = heads.at(-1)
  if (Number(newest?.size ?? 0) !== edge.size) {
    throw new Error(`log ${name}: ${edge.size} entries, but the newest head says ${newest?.size ?? 0}`)
  }
  return { log: name, size: edge.size, heads: heads.length }
}
