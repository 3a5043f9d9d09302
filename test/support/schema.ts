// What a migrated database looks like, as two texts made from its catalogue: SQL that a reviewer reads as a diff
// (test/schema.sql), and the table types of the service (src/db/tables.ts). No pg_dump comes with the embedded server.
import type pg from 'pg'

const schema = 'tamga'

type Column = {
  table: string
  name: string
  type: string
  base: string
  array: boolean
  notNull: boolean
  default: string | null
  identity: '' | 'a' | 'd'
  generated: string
  storage: string | null
  comment: string | null
}

const columnsOf = async (client: pg.ClientBase): Promise<Column[]> => {
  const { rows } = await client.query<Column>(
    `select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
            coalesce(e.typname, t.typname) as base, t.typcategory = 'A' as array, a.attnotnull as "notNull",
            pg_get_expr(d.adbin, d.adrelid) as default, a.attidentity as identity, a.attgenerated as generated,
            case when a.attstorage <> t.typstorage then a.attstorage::text end as storage,
            col_description(c.oid, a.attnum) as comment
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     join pg_type t on t.oid = a.atttypid
     left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
     left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
       and c.relname not in ('migration', 'migration_lock')
     order by c.relname collate "C", a.attnum`,
    [schema],
  )
  return rows
}

/** Lines of text per table (or function), from one query that names them in order. */
async function lines(client: pg.ClientBase, query: string): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ owner: string; line: string }>(query, [schema])
  const result = new Map<string, string[]>()
  for (const { owner, line } of rows) result.set(owner, [...(result.get(owner) ?? []), line])
  return result
}

const queries = {
  // contype 'n': PostgreSQL 18 names NOT NULL, which the columns say already.
  constraints: `select c.relname as owner, format('constraint %s %s', conname, pg_get_constraintdef(k.oid)) as line
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = $1::regnamespace and not c.relispartition and contype not in ('n', 't')
    order by c.relname collate "C", contype <> 'p', conname collate "C"`,
  partitioning: `select c.relname as owner, pg_get_partkeydef(c.oid) as line from pg_class c
    where c.relnamespace = $1::regnamespace and c.relkind = 'p' order by 1`,
  partitions: `select p.relname as owner, format('partition %s %s;', c.relname, pg_get_expr(c.relpartbound, c.oid)) as line
    from pg_class c join pg_inherits i on i.inhrelid = c.oid join pg_class p on p.oid = i.inhparent
    where c.relnamespace = $1::regnamespace and c.relispartition and c.relkind = 'r' order by p.relname collate "C", c.relname collate "C"`,
  indexes: `select c.relname as owner, pg_get_indexdef(i.indexrelid) || ';' as line
    from pg_index i join pg_class c on c.oid = i.indrelid
    where c.relnamespace = $1::regnamespace and not c.relispartition
      and not exists (select from pg_constraint where conindid = i.indexrelid)
    order by c.relname collate "C", i.indexrelid::regclass::text collate "C"`,
  triggers: `select coalesce(p.relname, c.relname) as owner,
      pg_get_triggerdef(t.oid) || case tgenabled when 'A' then ' -- always' when 'O' then '' else ' -- off' end as line
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
    where c.relnamespace = $1::regnamespace and not t.tgisinternal and t.tgparentid = 0
    order by c.relname collate "C", tgname collate "C"`,
  grants: `select c.relname as owner,
      format('grant %s to %s;', string_agg(lower(privilege_type), ', ' order by privilege_type), coalesce(r.rolname, 'public')) as line
    from pg_class c cross join aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
    where c.relnamespace = $1::regnamespace and a.grantee <> c.relowner and c.relkind <> 'i'
    group by c.relname, r.rolname order by c.relname collate "C", r.rolname collate "C"`,
  columnGrants: `select c.relname as owner, format('grant %s (%s) to %s;', lower(privilege_type),
      string_agg(attname, ', ' order by attnum), coalesce(r.rolname, 'public')) as line
    from pg_class c join pg_attribute on attrelid = c.oid cross join aclexplode(attacl) a left join pg_roles r on r.oid = a.grantee
    where c.relnamespace = $1::regnamespace group by c.relname, privilege_type, r.rolname
    order by c.relname collate "C", r.rolname collate "C", privilege_type`,
  comments: `select c.relname as owner, '-- ' || obj_description(c.oid, 'pg_class') as line
    from pg_class c where c.relnamespace = $1::regnamespace and obj_description(c.oid, 'pg_class') is not null`,
  functions: `select p.oid::regprocedure::text as owner, pg_get_functiondef(p.oid) as line
    from pg_proc p where p.pronamespace = $1::regnamespace and p.prokind in ('f', 'p') order by 1`,
  functionGrants: `select p.oid::regprocedure::text as owner,
      format('grant execute on %s to %s;', p.oid::regprocedure, coalesce(r.rolname, 'public')) as line
    from pg_proc p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a left join pg_roles r on r.oid = a.grantee
    where p.pronamespace = $1::regnamespace and a.grantee <> p.proowner order by 1, 2`,
} as const

/** The schema as SQL to read: the same text for the same schema on every PostgreSQL from 15 to 18. */
export async function schemaText(client: pg.ClientBase): Promise<string> {
  const found = new Map<string, Map<string, string[]>>()
  for (const [name, query] of Object.entries(queries)) found.set(name, await lines(client, query))
  const about = (name: keyof typeof queries, owner: string): string[] => found.get(name)?.get(owner) ?? []
  const parts = ['-- Generated by `npm run schema` from a migrated database; do not edit.']
  for (const [table, columns] of byTable(await columnsOf(client))) {
    const body = [...columns.map(columnLine), ...about('constraints', table)]
    const [partitionKey] = about('partitioning', table)
    const after = (['partitions', 'indexes', 'triggers', 'grants', 'columnGrants'] as const).flatMap((kind) =>
      about(kind, table),
    )
    parts.push(
      [
        ...about('comments', table),
        `create table ${table} (`,
        body.map((line) => `    ${line}`).join(',\n'),
        partitionKey === undefined ? ');' : `) partition by ${partitionKey.toLowerCase()};`,
        ...after,
      ].join('\n'),
    )
  }
  for (const [name, text] of found.get('functions') ?? []) {
    parts.push([...text.map((line) => `${line.trimEnd()};`), ...about('functionGrants', name)].join('\n'))
  }
  return `${parts.join('\n\n')}\n`
}

function columnLine(column: Column): string {
  const identity = { '': '', a: ' generated always as identity', d: ' generated by default as identity' }
  const storage: Record<string, string> = {
    e: ' storage external',
    p: ' storage plain',
    m: ' storage main',
    x: ' storage extended',
  }
  const value =
    column.default === null
      ? ''
      : column.generated === 's'
        ? ` generated always as (${column.default})`
        : ` default ${column.default}`
  const comment = column.comment === null ? '' : ` /* ${column.comment} */`
  return `${column.name} ${column.type}${storage[column.storage ?? ''] ?? ''}${value}${identity[column.identity]}${column.notNull ? ' not null' : ''}${comment}`
}

function byTable(columns: readonly Column[]): Map<string, Column[]> {
  const tables = new Map<string, Column[]>()
  for (const column of columns) tables.set(column.table, [...(tables.get(column.table) ?? []), column])
  return tables
}

/** PostgreSQL type -> what a connection of ours selects and takes (src/db/connect.ts sets the parsers). */
const types: Record<string, string> = {
  bool: 'boolean',
  int2: 'number',
  int4: 'number',
  float8: 'number',
  int8: 'bigint',
  numeric: 'string',
  text: 'string',
  varchar: 'string',
  bpchar: 'string',
  uuid: 'string',
  name: 'string',
  inet: 'string',
  date: 'string',
  interval: 'string',
  int8multirange: 'string',
  timestamptz: 'Time',
  bytea: 'Bytes',
  jsonb: 'Json',
  json: 'Json',
}

const tablesHead = `// Generated by \`npm run schema\` from a migrated database; do not edit.
import type { ColumnType, GeneratedAlways, InsertType, SelectType, UpdateType } from 'kysely'

/** A moment: selected as a Date, given as a Date or an ISO 8601 text with its zone. */
type Time = ColumnType<Date, Date | string, Date | string>
type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>
/** Given as text: \`pg\` would send an array as a PostgreSQL array. */
type Json = ColumnType<unknown, string, string>
/** The database fills it in where nothing is given. */
type Filled<T> = ColumnType<SelectType<T>, InsertType<T> | undefined, UpdateType<T>>
/** A column of an append-only table (design D10): what was inserted stays. */
type Kept<T> = ColumnType<SelectType<T>, InsertType<T>, never>
`

/** The types of all tables for Kysely. What is append-only in the database cannot be updated in TypeScript either. */
export async function tablesText(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where c.relnamespace = $1::regnamespace and t.tgname = 'append_only'`,
    [schema],
  )
  const guarded = new Set(rows.map((row) => row.name))
  const tables = byTable(await columnsOf(client))
  const parts = [...tables].map(([table, columns]) => {
    const fields = columns.map((column) => {
      const comment = column.comment === null ? '' : `  /** ${column.comment} */\n`
      return `${comment}  ${column.name}: ${columnType(column, guarded.has(table))}`
    })
    return `export type ${typeName(table)} = {\n${fields.join('\n')}\n}\n`
  })
  const all = [...tables.keys()].map((table) => `  ${table}: ${typeName(table)}`)
  return [tablesHead, ...parts, `export type Database = {\n${all.join('\n')}\n}\n`].join('\n')
}

function columnType(column: Column, kept: boolean): string {
  const base = types[column.base]
  if (base === undefined)
    throw new Error(`${column.table}.${column.name}: no TypeScript type is known for ${column.base}`)
  const value = `${base}${column.array ? '[]' : ''}${column.notNull ? '' : ' | null'}`
  const always = column.identity === 'a' || column.generated === 's'
  const type = always
    ? `GeneratedAlways<${value}>`
    : column.identity === 'd' || column.default !== null
      ? `Filled<${value}>`
      : value
  return kept && !always ? `Kept<${type}>` : type
}

const typeName = (table: string): string =>
  `${table.replaceAll(/(^|_)([a-z])/g, (_all, _gap, letter: string) => letter.toUpperCase())}Table`
