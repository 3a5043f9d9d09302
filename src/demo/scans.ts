// Scans, sent many to a request as a line or a gateway would, and the verdict on each.
import { randomUUID } from 'node:crypto'
import { Type, type Static } from 'typebox'
import type { Client } from './client.ts'
import { DemoError, inWords } from './client.ts'
import type { Progress } from './tell.ts'

export type ScanRequest = {
  step: string
  codes: readonly string[]
  time: string
  parent?: string
  place?: string
  to?: string
  carrier?: string
  document?: string
}

const Verdicts = Type.Array(Type.Object({ status: Type.Integer(), eventID: Type.Optional(Type.String()) }))
type Verdict = Static<typeof Verdicts>[number]

/** Events that were recorded, counted over the whole story. */
export type Tally = { events: number }

/** One request each: small enough to show progress, large enough that the way there and back does not count. */
const perRequest = 200
const codesPerRequest = 10_000

/**
 * Records all scans in their order. Each gets an id, so that a request whose answer was lost could be repeated.
 * @throws DemoError with the service's words for the first one that it refuses
 */
export async function recordScans(
  client: Client,
  scans: readonly ScanRequest[],
  tally: Tally,
  progress?: Progress,
): Promise<void> {
  for (const part of portions(scans)) {
    const body = part.map((scan) => ({ ...scan, eventID: `urn:uuid:${randomUUID()}` }))
    const verdicts: Verdict[] = await client.ask(Verdicts, 'POST', '/scans', body)
    const at = verdicts.findIndex(({ status }) => status >= 300)
    const refused = verdicts[at]
    if (refused) {
      throw new DemoError(
        `The scan "${part[at]?.step}" was refused. ${inWords({ status: refused.status, body: refused })}`,
      )
    }
    tally.events += verdicts.length
    progress?.advance(part.length)
  }
}

function portions(scans: readonly ScanRequest[]): ScanRequest[][] {
  const parts: ScanRequest[][] = []
  let codes = 0
  for (const scan of scans) {
    const last = parts.at(-1)
    codes += scan.codes.length + 1
    if (last && last.length < perRequest && codes <= codesPerRequest) {
      last.push(scan)
    } else {
      parts.push([scan])
      codes = scan.codes.length + 1
    }
  }
  return parts
}
