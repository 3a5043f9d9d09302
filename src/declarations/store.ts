import type { ClientBase } from 'pg'
import { formatRanges, parseRanges, type Ranges } from './ranges.ts'

type Queryable = Pick<ClientBase, 'query'>

export type DeclarationRow = {
  no: number
  id: string
  participant: number
  reference: string
  flow: string
  office: string
  lodged_at: Date
  position: bigint
}

const columns = 'no, id, participant, reference, flow, office, lodged_at, position'

export async function insertDeclaration(
  client: Queryable,
  row: Omit<DeclarationRow, 'no' | 'position'> & { position: number },
): Promise<number> {
  const { rows } = await client.query<{ no: number }>({
    name: 'declarations_insert',
    text: `insert into declaration (id, participant, reference, flow, office, lodged_at, position)
           values ($1, $2, $3, $4, $5, $6, $7) returning no`,
    values: [row.id, row.participant, row.reference, row.flow, row.office, row.lodged_at, row.position],
  })
  if (!rows[0]) throw new Error('an insert returned no row')
  return rows[0].no
}

export async function findDeclaration(client: Queryable, id: string): Promise<DeclarationRow | undefined> {
  const { rows } = await client.query<DeclarationRow>({
    name: 'declarations_find',
    text: `select ${columns} from declaration where id = $1`,
    values: [id],
  })
  return rows[0]
}

export async function findByReference(
  client: Queryable,
  participant: number,
  reference: string,
): Promise<DeclarationRow | undefined> {
  const { rows } = await client.query<DeclarationRow>({
    name: 'declarations_by_reference',
    text: `select ${columns} from declaration where participant = $1 and reference = $2`,
    values: [participant, reference],
  })
  return rows[0]
}

export type DeclarationFilter = {
  /** Undefined: all. */
  participant?: number | undefined
  office?: string | undefined
  /** Only those that may still want something. */
  open?: boolean | undefined
  before?: number | undefined
  from?: Date | undefined
  to?: Date | undefined
}

/** The newest first. */
export async function listDeclarations(
  client: Queryable,
  filter: DeclarationFilter,
  max: number,
): Promise<DeclarationRow[]> {
  const { rows } = await client.query<DeclarationRow>({
    name: filter.open === true ? 'declarations_list_open' : 'declarations_list',
    text: `select ${columns} from declaration${filter.open === true ? ' join declaration_open using (id)' : ''}
           where ($1::integer is null or participant = $1) and ($2::text is null or office = $2) and ($3::integer is null or no < $3)
             and ($4::timestamptz is null or lodged_at >= $4) and ($5::timestamptz is null or lodged_at < $5)
           order by no desc limit $6`,
    values: [
      filter.participant ?? null,
      filter.office ?? null,
      filter.before ?? null,
      filter.from ?? null,
      filter.to ?? null,
      max,
    ],
  })
  return rows
}

export type LineRow = {
  item: number
  log: number
  hsCode: string
  origin: string
  consignor: string
  amount: string
  currency: string
  pieces: string | null
  units: Ranges
}

export const insertLines = (
  client: Queryable,
  declaration: number,
  version: number,
  lines: readonly LineRow[],
): Promise<unknown> =>
  client.query({
    name: 'declarations_insert_lines',
    text: `insert into declared_line (declaration_no, version, item, log_id, hs_code, origin, consignor, amount, currency, pieces, units)
           select $1, $2, l.* from jsonb_to_recordset($3::jsonb)
             as l (item integer, log_id smallint, hs_code text, origin text, consignor text, amount numeric, currency text, pieces numeric,
                   units int8multirange)`,
    values: [
      declaration,
      version,
      JSON.stringify(
        lines.map((line) => ({
          item: line.item,
          log_id: line.log,
          hs_code: line.hsCode,
          origin: line.origin,
          consignor: line.consignor,
          amount: line.amount,
          currency: line.currency,
          pieces: line.pieces,
          units: formatRanges(line.units),
        })),
      ),
    ],
  })

export const insertNames = (
  client: Queryable,
  declaration: number,
  names: readonly { value: string; kind: string }[],
): Promise<unknown> =>
  client.query({
    name: 'declarations_insert_names',
    text: `insert into declared_name (declaration_no, value, kind)
           select $1, * from unnest($2::text[], $3::text[]) on conflict do nothing`,
    values: [declaration, names.map(({ value }) => value), names.map(({ kind }) => kind)],
  })

/** Declarations by what they can be called at the barrier, the newest first. */
export async function findByName(client: Queryable, values: readonly string[], max: number): Promise<DeclarationRow[]> {
  const { rows } = await client.query<DeclarationRow>({
    name: 'declarations_by_name',
    text: `select distinct ${columns} from declaration
           where no in (select declaration_no from declared_name where value = any ($1::text[])) order by no desc limit $2`,
    values: [values, max],
  })
  return rows
}

export type Sharing = DeclarationRow & { log: number; shared: Ranges }

/**
 * Other declarations that name some of these units, oldest first, with the newest version of each.
 * @param before declarations that were lodged before this act of the log `customs`
 */
export async function findSharing(
  client: Queryable,
  log: number,
  units: Ranges,
  before: number,
  except: string,
): Promise<Sharing[]> {
  if (units.length === 0) return []
  const { rows } = await client.query<DeclarationRow & { shared: string }>({
    name: 'declarations_sharing',
    text: `select ${columns
      .split(', ')
      .map((column) => `d.${column}`)
      .join(', ')}, range_agg(l.units * $2::int8multirange)::text as shared
           from declared_line l join declaration d on d.no = l.declaration_no
           where l.log_id = $1 and l.units && $2::int8multirange and d.position < $3 and d.id <> $4
           group by d.no order by d.no`,
    values: [log, formatRanges(units), before, except],
  })
  return rows.map(({ shared, ...row }) => ({ ...row, log, shared: parseRanges(shared) }))
}

/**
 * Declarations of goods without codes that could be the same goods: of this flow, heading and origin, by this declarant or from this
 * consignor, the newest first.
 */
export async function findAlike(
  client: Queryable,
  line: {
    flow: string
    hs6: string
    origin: string
    participant: number
    consignor: string
    before: number
    from: Date
  },
  max: number,
): Promise<DeclarationRow[]> {
  const { rows } = await client.query<DeclarationRow>({
    name: 'declarations_alike',
    text: `select ${columns} from declaration d
           where flow = $1 and position < $6 and lodged_at >= $7
             and exists (select from declared_line l where l.declaration_no = d.no and l.log_id = 0
                           and l.hs_code between $2 and $2 || '9999999999' and l.origin = $3
                           and (d.participant = $4 or l.consignor = $5))
           order by no desc limit $8`,
    values: [line.flow, line.hs6, line.origin, line.participant, line.consignor, line.before, line.from, max],
  })
  return rows
}

/** What the law of a day says of goods without marks; undefined where it says nothing. The longest heading wins, then the longest procedure. */
export async function findMarkingDue(
  client: Queryable,
  line: { hsCode: string; flow: string; procedure: string; day: string },
): Promise<{ due: boolean; legalBasis: string } | undefined> {
  const { rows } = await client.query<{ due: boolean; legal_basis: string }>({
    name: 'declarations_marking_due',
    text: `select due, legal_basis from marking_due
           where starts_with($1, hs_prefix) and flow = $2 and starts_with($3, procedure)
             and from_day <= $4::date and (until_day is null or until_day > $4::date)
           order by length(hs_prefix) desc, length(procedure) desc, from_day desc, no desc limit 1`,
    values: [line.hsCode, line.flow, line.procedure, line.day],
  })
  return rows[0] && { due: rows[0].due, legalBasis: rows[0].legal_basis }
}

export async function isExemption(client: Queryable, code: string): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'declarations_exemption',
    text: 'select 1 from marking_exemption where code = $1',
    values: [code],
  })
  return rowCount === 1
}

/** Values per piece that were declared for a heading and origin before, for comparison. */
export async function findPrices(
  client: Queryable,
  line: { hsPrefix: string; origin: string; currency: string; before: number; from: Date },
  max: number,
): Promise<number[]> {
  const { rows } = await client.query<{ price: number }>({
    name: 'declarations_prices',
    text: `select (l.amount / l.pieces)::float8 as price
           from declared_line l join declaration d on d.no = l.declaration_no
           where l.hs_code between $1 and $1 || '9999999999' and l.origin = $2 and l.currency = $3 and l.pieces > 0 and l.amount > 0
             and d.position < $4 and d.lodged_at >= $5
             and l.version = (select max(version) from declared_line v where v.declaration_no = l.declaration_no)
           order by d.no desc, l.item limit $6`,
    values: [line.hsPrefix, line.origin, line.currency, line.before, line.from, max],
  })
  return rows.map(({ price }) => price)
}

export type Relation = { hs4: string; origin: string; count: number }

/** What a declarant brought before: how many lines of each heading and origin. */
export async function listRelations(client: Queryable, participant: number, before: number): Promise<Relation[]> {
  const { rows } = await client.query<Relation>({
    name: 'declarations_relations',
    text: `select left(l.hs_code, 4) as hs4, l.origin, count(*)::int as count
           from declared_line l join declaration d on d.no = l.declaration_no
           where d.participant = $1 and d.position < $2 group by 1, 2 order by 1, 2`,
    values: [participant, before],
  })
  return rows
}
