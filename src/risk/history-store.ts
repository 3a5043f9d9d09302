import type { ClientBase } from 'pg'

type Queryable = Pick<ClientBase, 'query'>

export type PastRow = { id: string; office: string; party: string; body: string; differs: boolean | null }

/** Past declarations, each with its newest decision and what its inspections found; the newest first. */
export async function findPastDecisions(
  client: Queryable,
  period: { from: Date; to: Date },
  max: number,
): Promise<PastRow[]> {
  const { rows } = await client.query<PastRow>({
    name: 'risk_past_decisions',
    text: `select d.id, d.office, p.id as party, a.body,
                  (select bool_or(i.body::jsonb ->> 'result' = 'differs'
                           and not exists (select from finding f join finding_resolution r on r.finding_no = f.no
                                           where f.id = 'inspection-' || i.position and r.resolved_as <> 'confirmed'))
                   from border_act i where i.subject = d.id and i.kind = 'inspected') as differs
           from declaration d join participant p on p.no = d.participant
           cross join lateral (select body from border_act where subject = d.id and kind = 'decided'
                               order by position desc limit 1) as a
           where d.lodged_at >= $1 and d.lodged_at < $2 order by d.no desc limit $3`,
    values: [period.from, period.to, max],
  })
  return rows
}

/** Who inspected whose loads how often, and who raised lanes with what result. */
export async function findPairs(
  client: Queryable,
  period: { from: Date; to: Date },
): Promise<{ broker: string; officer: string; count: number; differs: number }[]> {
  const { rows } = await client.query<{ broker: string; officer: string; count: number; differs: number }>({
    name: 'risk_pairs',
    text: `select b.id as broker, o.id as officer, count(*)::int as count,
                  count(*) filter (where i.body::jsonb ->> 'result' = 'differs')::int as differs
           from border_act i join border_act l on l.subject = i.subject and l.kind = 'lodged'
           join participant b on b.no = l.participant join person o on o.no = i.person
           where i.kind = 'inspected' and i.at >= $1 and i.at < $2
           group by b.id, o.id order by b.id, o.id`,
    values: [period.from, period.to],
  })
  return rows
}

export async function findRaises(
  client: Queryable,
  period: { from: Date; to: Date },
): Promise<{ officer: string; raised: number; inspected: number; hits: number; overdue: number }[]> {
  const { rows } = await client.query<{
    officer: string
    raised: number
    inspected: number
    hits: number
    overdue: number
  }>({
    name: 'risk_raises',
    text: `select o.id as officer, count(*)::int as raised, count(i.differs)::int as inspected,
                  count(*) filter (where i.differs)::int as hits,
                  count(*) filter (where i.differs is null and (r.body::jsonb ->> 'until')::timestamptz < $2)::int as overdue
           from border_act r join person o on o.no = r.person
           left join lateral (select bool_or(body::jsonb ->> 'result' = 'differs') as differs from border_act
                              where subject = r.subject and kind = 'inspected' and position > r.position) as i on true
           where r.kind = 'raised' and r.at >= $1 and r.at < $2 group by o.id order by o.id`,
    values: [period.from, period.to],
  })
  return rows
}
