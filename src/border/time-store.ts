import type { ClientBase } from 'pg'

type Queryable = Pick<ClientBase, 'query'>

/** Seconds; null where it never happened. */
export type Spread = { count: number; median: number | null; p90: number | null; p99: number | null }
export type TimeRow = {
  office: string
  lane: string
  declarations: number
  decided: Spread
  presented: Spread
  inspected: Spread
  released: Spread
  releasedAfterPresentation: Spread
}

const spans = {
  decided: 'decided - lodged',
  presented: 'presented - lodged',
  inspected: 'inspected - presented',
  released: 'released - lodged',
  // Released before it came: nobody waited.
  releasedAfterPresentation: `case when released is not null and presented is not null then greatest(released - presented, interval '0') end`,
} as const

const spread = (name: string, span: string): string => {
  const seconds = `extract(epoch from ${span})`
  const at = (share: number) =>
    `round((percentile_cont(${share}) within group (order by ${seconds}))::numeric, 3)::float8`
  const fields = `'count', count(${span})::int, 'median', ${at(0.5)}, 'p90', ${at(0.9)}, 'p99', ${at(0.99)}`
  return `jsonb_build_object(${fields}) as "${name}"`
}

/**
 * How long declarations that were lodged in a period took, by office and the hardest lane that they had. A release counts when it was
 * the last one; an inspection from the presentation, when it was the first.
 */
export async function findTimes(client: Queryable, { from, to }: { from: Date; to: Date }): Promise<TimeRow[]> {
  const { rows } = await client.query<TimeRow>({
    name: 'border_times',
    text: `select office, lane, count(*)::int as declarations,
                  ${Object.entries(spans)
                    .map(([name, span]) => spread(name, span))
                    .join(', ')}
           from (select d.office, d.lodged_at as lodged,
                        (array['green', 'blue', 'yellow', 'red'])[max(case when a.kind in ('decided', 'raised') then
                          array_position(array['green', 'blue', 'yellow', 'red'], a.body::jsonb ->> 'lane') end)] as lane,
                        min(a.at) filter (where a.kind = 'decided') as decided,
                        min(a.at) filter (where a.kind = 'presented') as presented,
                        min(a.at) filter (where a.kind = 'inspected') as inspected,
                        max(a.at) filter (where a.kind = 'released') as released
                 from declaration d join border_act a on a.subject = d.id
                 where d.lodged_at >= $1 and d.lodged_at < $2
                 group by d.no) as lived
           where lane is not null
           group by office, lane order by office, array_position(array['green', 'blue', 'yellow', 'red'], lane)`,
    values: [from, to],
  })
  return rows
}
