import type { ClientBase } from 'pg'
import type { NewFinding } from './finding.ts'

type Queryable = Pick<ClientBase, 'query'>

/** Writes findings within the transaction of the entries that they are about. The same id again changes nothing. */
export async function insertFindings(client: Queryable, findings: readonly NewFinding[]): Promise<void> {
  const rows = findings.map((finding) => ({
    id: finding.id,
    opened_at: finding.openedAt.toISOString(),
    kind: finding.kind,
    code: finding.code,
    participant: finding.participant,
    principal: finding.principal,
    person: finding.person,
    log_id: finding.log,
    position: finding.position,
    event_key: finding.eventKey,
    concerned: [
      ...new Set([
        finding.participant,
        ...(finding.principal === null ? [] : [finding.principal]),
        ...finding.concerned,
      ]),
    ],
    objects: finding.objects.map(String),
    object_count: finding.objectCount,
    detail: finding.detail,
  }))
  await client.query({
    name: 'findings_insert',
    text: `with given as (
             select * from jsonb_to_recordset($1::jsonb) as f (id text, opened_at timestamptz, kind text, code text, participant integer,
               principal integer, person integer, log_id smallint, position bigint, event_key uuid, concerned integer[], objects bigint[],
               object_count integer, detail jsonb)
           ), added as (
             insert into finding (id, opened_at, kind, code, participant, principal, person, log_id, position, event_key, concerned,
                                  object_count, detail)
             select id, opened_at, kind, code, participant, principal, person, log_id, position, event_key, concerned, object_count, detail
             from given on conflict (id) do nothing returning no, id
           )
           insert into finding_object (object_id, finding_no)
           select distinct object_id, no from added join given using (id), unnest(objects) as object_id`,
    values: [JSON.stringify(rows)],
  })
}

/** Why lines of one event were refused or doubted. `unnamed`: it is about more codes than it names. */
export type Reason = { kind: string; code: string; codes: ReadonlySet<string>; unnamed: boolean }

/** What findings say about the event with this key (32 hexadecimal digits), the newest first. */
export async function findReasons(client: Queryable, eventKey: string): Promise<Reason[]> {
  const { rows } = await client.query<{ kind: string; code: string; codes: string[]; object_count: number }>({
    name: 'findings_reasons',
    text: `select kind, code, object_count,
                  array(select item ->> 'code' from jsonb_array_elements(detail -> 'objects') as item) as codes
           from finding where event_key = $1 order by no desc`,
    values: [eventKey],
  })
  return rows.map(({ kind, code, codes, object_count }) => ({
    kind,
    code,
    codes: new Set(codes),
    unnamed: object_count > codes.length,
  }))
}
