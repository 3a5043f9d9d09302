import { indexPath, type Tile, tilePath } from '../tile.ts'
import { type LogSource, SourceError } from './source.ts'

export type HttpOptions = {
  /** An API key of an auditor or of customs: without one only hashes can be had. */
  key?: string
  fetcher?: typeof fetch
  /** Waits before asking again; tests pass another one. */
  wait?: (ms: number) => Promise<unknown>
}

const triesMax = 8
/** An address at which nobody ever answered is mistyped rather than busy. */
const firstTriesMax = 3
const waitMaxMs = 10_000

/** A tlog-tiles log by its prefix, `https://tamga.example/logs/main`. Asks again where the log is busy or the line breaks. */
export function httpSource(prefix: string, options: HttpOptions = {}): LogSource {
  const { fetcher = fetch, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = options
  let everAnswered = false
  const base = prefix.replace(/(?<!\/)\/+$/, '')

  async function get(path: string): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const headers: Record<string, string> =
        options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }
      const answer = await fetcher(`${base}/${path}`, { headers }).catch((error: unknown) => String(error))
      everAnswered ||= typeof answer !== 'string'
      if (typeof answer !== 'string' && answer.ok) return answer
      const status = typeof answer === 'string' ? undefined : answer.status
      const mayPass = status === undefined || status === 429 || status >= 500
      if (!mayPass || attempt >= (everAnswered ? triesMax : firstTriesMax))
        throw new SourceError(`${base}/${path} answered ${status ?? String(answer)}`)
      const seconds = typeof answer === 'string' ? Number.NaN : Number(answer.headers.get('retry-after'))
      await wait(Math.min(seconds > 0 ? seconds * 1000 : 250 * 2 ** attempt, waitMaxMs))
    }
  }

  const bytes = async (path: string): Promise<Uint8Array> => new Uint8Array(await (await get(path)).arrayBuffer())

  return {
    name: base,
    checkpoint: async () => (await get('checkpoint')).text(),
    tile: (tile: Tile) => bytes(`tile/${tilePath(tile)}`),
    ...(options.key === undefined
      ? {}
      : { bundle: (index: number, width: number) => bytes(`tile/entries/${indexPath(index, width)}`) }),
  }
}
