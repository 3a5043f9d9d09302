import type { Db } from '../db/connect.ts'
import { hasRole, type ParticipantRef, seesAll } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type { NewFinding } from './finding.ts'
import type { Finding, Party } from './schema.ts'
import { type FindingRow, listFindings, listResponses } from './store.ts'

export type FindingViewDeps = { db: Db; directory: Directory }

/** Findings about one object for a page of it: the newest thousand are more than a page shows. */
const ofObjectMax = 1_000

/** Who claimed it and whose goods it is about see it; customs, auditor and operator see all. */
export const maySee = (row: Pick<FindingRow, 'concerned'>, asker: ParticipantRef): boolean =>
  seesAll(asker) || row.concerned.includes(asker.no)

/** The findings about an object that the asker may see, oldest first. */
export async function listFindingsOf(
  deps: FindingViewDeps,
  objectId: bigint,
  asker: ParticipantRef,
): Promise<Finding[]> {
  const concerning = seesAll(asker) ? undefined : asker.no
  const rows = await listFindings(deps.db, { objectId, concerning }, ofObjectMax)
  return tellFindings(deps, rows.reverse(), asker)
}

/** Findings as the asker may see them: his own side by name, the other by country, of the goods of others nothing. */
export async function tellFindings(
  deps: FindingViewDeps,
  rows: readonly FindingRow[],
  asker: ParticipantRef,
): Promise<Finding[]> {
  if (rows.length === 0) return []
  const responses = await listResponses(
    deps.db,
    rows.map((row) => row.no),
  )
  return Promise.all(
    rows.map(async (row) => ({
      ...(await tellFinding(deps, row, asker)),
      responses: await Promise.all(
        responses
          .filter((response) => response.finding_no === row.no)
          .map(async ({ at, participant, person_id, text, documents }) => ({
            at: at.toISOString(),
            by: await tellParty(deps, participant, person_id, asker),
            text,
            documents: documents as Finding['responses'][number]['documents'],
          })),
      ),
    })),
  )
}

async function tellFinding(deps: FindingViewDeps, row: FindingRow, asker: ParticipantRef) {
  // Written by insertFindings alone, from this type.
  const detail = row.detail as NewFinding['detail']
  const whole = seesAll(asker) || row.participant === asker.no || row.principal === asker.no
  const objects = whole ? detail.objects : detail.objects.filter(({ concerned }) => concerned.includes(asker.no))
  const { principal, resolved_as: as, resolved_at, resolved_by, resolution } = row
  const resolved = as !== null && resolved_at !== null && resolved_by !== null && resolution !== null
  return {
    id: row.id,
    kind: row.kind as Finding['kind'],
    code: row.code,
    state: row.state,
    openedAt: row.opened_at.toISOString(),
    text: detail.text,
    act: detail.act,
    eventTime: detail.eventTime,
    ...(whole && detail.eventID !== '' ? { eventID: detail.eventID } : {}),
    ...(whole && row.position !== null ? { entry: { log: row.log, position: Number(row.position) } } : {}),
    claimant: await tellParty(deps, row.participant, row.person_id, asker, whole),
    ...(principal === null ? {} : { for: await tellParty(deps, principal, null, asker, whole) }),
    // Where a code stood in the request is of use to who sent it.
    objects: objects.map(({ code, path }) => (whole ? { code, path } : { code })),
    objectCount: whole ? row.object_count : objects.length,
    ...(detail.owes
      ? { owes: await Promise.all(detail.owes.map((no) => tellParty(deps, no, null, asker, whole))) }
      : {}),
    ...(detail.severity ? { severity: detail.severity } : {}),
    ...(detail.innocentCauses ? { innocentCauses: [...detail.innocentCauses] } : {}),
    ...(detail.clearedBy === undefined ? {} : { clearedBy: detail.clearedBy }),
    ...(whole && detail.counted ? { counted: { ...detail.counted } } : {}),
    ...(resolved
      ? {
          resolution: {
            as: as as NonNullable<Finding['resolution']>['as'],
            ...(row.legal_basis === null ? {} : { legalBasis: row.legal_basis }),
            text: resolution,
            at: resolved_at.toISOString(),
            by: await tellParty(deps, resolved_by, row.resolved_person, asker),
          },
        }
      : {}),
  }
}

const authorities = ['customs', 'agency', 'operator'] as const

/** @param own the asker is on this party's side without being it: an agent, or his principal */
async function tellParty(
  { directory }: FindingViewDeps,
  no: number,
  person: string | null,
  asker: ParticipantRef,
  own = false,
): Promise<Party> {
  const party = await directory.byNo(no)
  const country = party?.country ?? ''
  const named = own || seesAll(asker) || no === asker.no
  // An authority decides under its name; who of it did is for the authorities.
  if (!party || !(named || hasRole(party, ...authorities))) return { country }
  return { id: party.id, name: party.name, country, ...(named && person !== null ? { person } : {}) }
}
