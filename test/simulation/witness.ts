// Somebody outside who keeps every checkpoint that any process ever showed: none of them may ever turn out not to be true.
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { append, emptyEdge, leafHash, root } from '../../src/ledger/merkle.ts'
import { readCheckpoint } from '../../src/proof/checkpoint.ts'
import { remote } from '../support/remote.ts'
import type { Doors } from './world.ts'

/** The roots that were shown, by the number of entries they are of. */
export type Shown = ReadonlyMap<number, readonly string[]>
export type Witness = { shown: Shown; stop(): Promise<void> }

const everyMs = 150

export function startWitness({ gates }: Doors): Witness {
  const shown = new Map<number, string[]>()
  let stopped = false
  async function watch(): Promise<void> {
    for (let i = 0; !stopped; i++) {
      const gate = gates[i % gates.length]
      const answer = await remote(() => gate?.url() ?? '', '')
        .send('GET', '/logs/main/checkpoint')
        .catch(() => undefined)
      if (answer?.status === 200) {
        const { size, root } = readCheckpoint(answer.text)
        const known = shown.get(size) ?? []
        const text = Buffer.from(root).toString('base64')
        if (!known.includes(text)) shown.set(size, [...known, text])
      }
      await delay(everyMs)
    }
  }
  const watching = watch()
  return {
    shown,
    stop: async () => {
      stopped = true
      await watching
    },
  }
}

/** What was shown and is not so. */
export async function findUntrue(client: pg.Client, shown: Shown): Promise<string[]> {
  const { rows } = await client.query<{ bytes: Buffer }>('select bytes from entry where log_id = 1 order by position')
  const roots = new Map<number, string>()
  let edge = emptyEdge
  for (const { bytes } of rows) {
    edge = append(edge, leafHash(bytes))
    if (shown.has(edge.size)) roots.set(edge.size, root(edge).toString('base64'))
  }
  return [...shown].flatMap(([size, texts]) =>
    texts
      .filter((text) => size > 0 && text !== roots.get(size))
      .map(
        (text) =>
          `a checkpoint of ${size} entries was shown with the root ${text}, and it is ${roots.get(size) ?? 'none'}`,
      ),
  )
}
