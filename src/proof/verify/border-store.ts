import type { Client } from './database-store.ts'

// What customs did, as it is stored beside the entries that pin it.

export type StoredAct = {
  position: number
  entry: Buffer | null
  kind: string | null
  subject: string | null
  at: Date | null
  participant: number | null
  person: number | null
  entryParticipant: number | null
  entryPerson: number | null
  body: string | null
}

const portion = 500

/** Entries of the log `customs` beside their rows, in order; either may be missing. */
export async function* readActs(client: Client): AsyncGenerator<StoredAct> {
  for (let from = 0; ;) {
    const { rows } = await client.query<{
      position: bigint
      bytes: Buffer | null
      kind: string | null
      subject: string | null
      at: Date | null
      participant: number | null
      person: number | null
      entry_participant: number | null
      entry_person: number | null
      body: string | null
    }>(
      `select position, e.bytes, a.kind, a.subject, a.at, a.participant, a.person, a.body,
              e.participant as entry_participant, e.person as entry_person
       from (select position, bytes, participant, person from entry
             where log_id = (select id from log where name = 'customs') and position >= $1 order by position limit $2) as e
       full join (select * from border_act where position >= $1 order by position limit $2) as a using (position)
       order by position limit $2`,
      [from, portion],
    )
    for (const row of rows) {
      yield {
        position: Number(row.position),
        entry: row.bytes,
        kind: row.kind,
        subject: row.subject,
        at: row.at,
        participant: row.participant,
        person: row.person,
        entryParticipant: row.entry_participant,
        entryPerson: row.entry_person,
        body: row.body,
      }
    }
    const last = rows.at(-1)
    if (!last || rows.length < portion) return
    from = Number(last.position) + 1
  }
}

export type StoredDeclaration = { id: string; position: number; participant: string; reference: string; flow: string }

/** Declarations as they are looked up, each with its declarant's public id. */
export async function listDeclarations(client: Client): Promise<StoredDeclaration[]> {
  const { rows } = await client.query<Omit<StoredDeclaration, 'position'> & { position: bigint }>(
    `select d.id, d.position, p.id as participant, d.reference, d.flow
     from declaration d join participant p on p.no = d.participant order by d.no`,
  )
  return rows.map((row) => ({ ...row, position: Number(row.position) }))
}

export type StoredLine = {
  position: number
  version: number
  item: number
  log: string | null
  units: string
  pieces: string | null
}

/** Lines as they are searched, under the position of their declaration. */
export async function listLines(client: Client): Promise<StoredLine[]> {
  const { rows } = await client.query<Omit<StoredLine, 'position'> & { position: bigint }>(
    `select d.position, l.version, l.item, g.name as log, l.units::text as units, l.pieces::text as pieces
     from declared_line l join declaration d on d.no = l.declaration_no left join log g on g.id = l.log_id
     order by d.no, l.version, l.item, l.log_id`,
  )
  return rows.map((row) => ({ ...row, position: Number(row.position) }))
}
