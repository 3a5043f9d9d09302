import type { ClientBase } from 'pg'
import { formatRanges, type Ranges } from './ranges.ts'
import type { DeclarationRow } from './store.ts'

// What is aboard: declarations by plates, containers and goods, as somebody at the barrier asks for them.

type Queryable = Pick<ClientBase, 'query'>

const columns = ['no', 'id', 'participant', 'reference', 'flow', 'office', 'lodged_at', 'position']
  .map((column) => `d.${column}`)
  .join(', ')

export type AboardQuestion = {
  /** An id or a reference; these find closed declarations too. */
  name?: string
  /** Plates, containers, SSCCs. */
  carried: readonly string[]
  /** Goods of one log. */
  log?: number
  units?: Ranges
  /** Open ones that were lodged before are not aboard any more. */
  since: Date
  max: number
}

/** `direct`: found by what was asked, and not only because it came with the same vehicle. */
export type AboardRow = DeclarationRow & { direct: boolean }

/**
 * Declarations that something belongs to, and the open ones that share a plate or container with them: the direct ones first, then the
 * newest. One statement, for somebody waits at a barrier.
 */
export async function findAboardRows(client: Queryable, asked: AboardQuestion): Promise<AboardRow[]> {
  const { rows } = await client.query<AboardRow>({
    name: 'aboard',
    text: `with named as (
             select declaration_no as no from declared_name where value = $1 and kind in ('reference', 'declaration')
           ), carried as (
             select declaration_no as no from declared_name where value = any ($2::text[]) and kind in ('plate', 'container', 'sscc')
             union select declaration_no from declared_line where log_id = $3 and units && $4::int8multirange
           ), direct as (
             select no from named
             union select d.no from carried join declaration d using (no) where d.lodged_at >= $5
               and not exists (select from border_act a where a.subject = d.id and a.kind = 'outcome')
           ), with_them as (
             select n.declaration_no as no from declared_name n
             where n.kind in ('plate', 'container')
               and n.value in (select value from declared_name where kind in ('plate', 'container') and declaration_no in (select no from direct))
           )
           select ${columns}, true as direct from direct join declaration d using (no)
           union
           select ${columns}, false from with_them join declaration d using (no)
           where d.lodged_at >= $5 and d.no not in (select no from direct)
             and not exists (select from border_act a where a.subject = d.id and a.kind = 'outcome')
           order by direct desc, no desc limit $6`,
    values: [
      asked.name ?? null,
      asked.carried,
      asked.log ?? null,
      formatRanges(asked.units ?? []),
      asked.since,
      asked.max,
    ],
  })
  return rows
}
