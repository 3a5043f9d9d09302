import type { ClientBase } from 'pg'
import { formatRanges, type Ranges } from './ranges.ts'
import type { DeclarationRow } from './store.ts'

// What is aboard: declarations by plates, containers and goods, as somebody at the barrier asks for them.

type Queryable = Pick<ClientBase, 'query'>

const columns = ['no', 'id', 'participant', 'reference', 'flow', 'office', 'lodged_at', 'position']
  .map((column) => `d.${column}`)
  .join(', ')
const isOpen = `d.lodged_at >= $2 and not exists (select from border_act a where a.subject = d.id and a.kind = 'outcome')`

/** Declarations that are called so by themselves, the newest first, closed ones too. */
export async function findNamed(client: Queryable, value: string, max: number): Promise<DeclarationRow[]> {
  const { rows } = await client.query<DeclarationRow>({
    name: 'aboard_named',
    text: `select ${columns} from declaration d
           where d.no in (select declaration_no from declared_name where value = $1 and kind in ('reference', 'declaration'))
           order by d.no desc limit $2`,
    values: [value, max],
  })
  return rows
}

/** Open declarations with one of these plates, containers or SSCCs, the newest first. */
export async function findCarried(
  client: Queryable,
  values: readonly string[],
  since: Date,
  max: number,
): Promise<DeclarationRow[]> {
  if (values.length === 0) return []
  const { rows } = await client.query<DeclarationRow>({
    name: 'aboard_carried',
    text: `select ${columns} from declaration d
           where d.no in (select declaration_no from declared_name
                          where value = any ($1::text[]) and kind in ('plate', 'container', 'sscc'))
             and ${isOpen} order by d.no desc limit $3`,
    values: [values, since, max],
  })
  return rows
}

/** The plates and containers that declarations came or come with. */
export async function findPlates(client: Queryable, declarations: readonly number[]): Promise<string[]> {
  if (declarations.length === 0) return []
  const { rows } = await client.query<{ value: string }>({
    name: 'aboard_plates',
    text: `select distinct value from declared_name where declaration_no = any ($1::integer[]) and kind in ('plate', 'container')`,
    values: [`{${declarations.join(',')}}`],
  })
  return rows.map(({ value }) => value)
}

/** Open declarations that name some of these units, the newest first. */
export async function findDeclaring(
  client: Queryable,
  log: number,
  units: Ranges,
  since: Date,
  max: number,
): Promise<DeclarationRow[]> {
  if (units.length === 0) return []
  const { rows } = await client.query<DeclarationRow>({
    name: 'aboard_declaring',
    text: `select ${columns} from declaration d
           where d.no in (select declaration_no from declared_line where log_id = $1 and units && $3::int8multirange)
             and ${isOpen} order by d.no desc limit $4`,
    values: [log, since, formatRanges(units), max],
  })
  return rows
}
