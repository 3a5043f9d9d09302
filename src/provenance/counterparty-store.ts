// SQL of whom a participant may know by name.
import type { Pool } from 'pg'

export type NamedRow = { id: string; name: string; country: string; gln: string | null }

/** Of a large trader the newest shipments say with whom it deals. */
const shipmentsMax = 2000

/** With whom a participant exchanged goods or mandates; a part of the name is enough. */
export async function findKnown(pool: Pool, participant: number, pattern: string, limit: number): Promise<NamedRow[]> {
  const { rows } = await pool.query<NamedRow>({
    name: 'provenance_counterparties',
    text: `select p.id, p.name, p.country, p.gln from participant p
           where p.no <> $1 and p.name ilike $2 and p.no in (
             select addressee from (select addressee from transit where sender = $1 order by record_time desc limit $3) sent
             union
             select carrier from (select carrier from transit where sender = $1 order by record_time desc limit $3) carried
             union
             select sender from (select sender from transit where addressee = $1 order by record_time desc limit $3) received
             union select agent_no from mandate where principal_no = $1
             union select principal_no from mandate where agent_no = $1
           ) order by p.name, p.no limit $4`,
    values: [participant, pattern, shipmentsMax, limit],
  })
  return rows
}

/** Those of everybody who bear exactly this name, id, GLN or tax number. */
export async function findExactly(pool: Pool, text: string, limit: number): Promise<NamedRow[]> {
  const { rows } = await pool.query<NamedRow>({
    name: 'provenance_exactly_named',
    text: `select id, name, country, gln from participant
           where id = $1 or gln = $1 or tax_id = $1 or lower(name) = lower($1) order by name, no limit $2`,
    values: [text, limit],
  })
  return rows
}

/** Everybody, by a part of the name: for those who see all. */
export async function findAnybody(pool: Pool, pattern: string, limit: number): Promise<NamedRow[]> {
  const { rows } = await pool.query<NamedRow>({
    name: 'provenance_anybody_named',
    text: `select id, name, country, gln from participant where name ilike $1 order by name, no limit $2`,
    values: [pattern, limit],
  })
  return rows
}
