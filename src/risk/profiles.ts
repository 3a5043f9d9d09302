// Profiles as acts: drafted, tried on past declarations, approved twice by others, in force. The newest that is in force counts.
import type { ClientBase, Pool } from 'pg'
import { type ActDeps, type Exclusively, recordBorderAct } from '../declarations/act.ts'
import { type ActRow, listActs, listActsOfKind } from '../declarations/act-store.ts'
import { newId } from '../db/id.ts'
import { Problem } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import type { RuleEngine } from './engine.ts'
import { firstProfile, makeReady, type Profile, profileHash, type ReadyProfile, remarks } from './profile.ts'

export type ProfileDeps = ActDeps & { pool: Pool; exclusively: Exclusively; engine: RuleEngine; now: () => Date }

export type ProfileState = 'draft' | 'approved' | 'in_force' | 'replaced'

export type KnownProfile = {
  id: string
  version: number
  hash: string
  profile: Profile
  author: number | null
  draftedAt: Date
  /** Position of the draft in the log `customs`. */
  position: number
  validFrom: Date | undefined
  approvals: { person: number; at: Date; position: number }[]
  /** From when it counts, once it is approved. */
  effective: Date | undefined
  backtested: boolean
}

type DraftBody = { version: number; hash: string; profile: Profile; validFrom?: string }

export const firstProfileId = 'installation'

/** Approvals by others than the author that bring a profile into force. */
export const approvalsNeeded = 2

const kinds = ['profile_drafted', 'profile_approved', 'profile_backtested'] as const

/** Every profile with where it stands, the oldest first; acts below a position count. */
export async function readProfiles(client: Pick<ClientBase, 'query'>, before?: number): Promise<KnownProfile[]> {
  const found = new Map<string, KnownProfile>()
  for (const act of await listActsOfKind(client, kinds, before)) {
    const profile = found.get(act.subject)
    if (act.kind === 'profile_drafted') found.set(act.subject, draftOf(act))
    else if (profile && act.kind === 'profile_backtested') profile.backtested = true
    else if (profile && act.person !== null) approve(profile, act.person, act)
  }
  return [...found.values()]
}

function draftOf(act: ActRow): KnownProfile {
  // Written by `draftProfile` and pinned by its entry.
  const body = JSON.parse(act.body) as DraftBody
  const validFrom = body.validFrom === undefined ? undefined : new Date(body.validFrom)
  return {
    id: act.subject,
    version: body.version,
    hash: body.hash,
    profile: body.profile,
    author: act.person,
    draftedAt: act.at,
    position: act.position,
    validFrom,
    approvals: [],
    // The first one is in force without approvals: nobody is there yet who could give them.
    effective: act.participant === 0 ? act.at : undefined,
    backtested: false,
  }
}

function approve(profile: KnownProfile, person: number, { at, position }: ActRow): void {
  if (person === profile.author || profile.approvals.some((given) => given.person === person)) return
  profile.approvals.push({ person, at, position })
  if (profile.approvals.length !== approvalsNeeded) return
  profile.effective = profile.validFrom && profile.validFrom > at ? profile.validFrom : at
}

/** The one that counts at a moment: the newest that has come into force. */
export function inForce(profiles: readonly KnownProfile[], at: Date): KnownProfile | undefined {
  let found: KnownProfile | undefined
  for (const profile of profiles) {
    if (!profile.effective || profile.effective > at) continue
    if (!found?.effective || profile.effective >= found.effective) found = profile
  }
  return found
}

export function stateOf(profile: KnownProfile, profiles: readonly KnownProfile[], at: Date): ProfileState {
  if (!profile.effective) return 'draft'
  if (profile.effective > at) return 'approved'
  return inForce(profiles, at)?.id === profile.id ? 'in_force' : 'replaced'
}

/** The first start puts the first profile into force, as an entry like any other. */
export async function ensureFirstProfile(deps: ProfileDeps): Promise<void> {
  await deps.exclusively('profiles', async (client) => {
    if ((await listActs(client, firstProfileId)).length > 0) return
    const body: DraftBody = { version: 1, hash: profileHash(firstProfile), profile: firstProfile }
    await recordBorderAct(deps, client, {
      kind: 'profile_drafted',
      subject: firstProfileId,
      at: deps.now(),
      actor: undefined,
      body,
    })
  })
}

export type Drafted = { known: KnownProfile; remarks: string[] }

/** @throws Problem field_invalid with every name, type and form that is wrong */
export async function draftProfile(
  deps: ProfileDeps,
  actor: Actor,
  profile: Profile,
  validFrom: Date | undefined,
): Promise<Drafted> {
  const checked = makeReady(deps.engine, profile)
  if ('faults' in checked) {
    const [first] = checked.faults
    throw new Problem('field_invalid', {
      detail: `${first?.detail ?? ''} (at ${first?.path ?? ''})`,
      errors: checked.faults.slice(0, 100).map((fault) => ({ ...fault, code: 'field_invalid' as const })),
      errorCount: checked.faults.length,
    })
  }
  const id = newId()
  await deps.exclusively('profiles', async (client) => {
    const earlier = (await readProfiles(client)).filter((known) => known.profile.name === profile.name)
    const version = 1 + Math.max(0, ...earlier.map((known) => known.version))
    const body: DraftBody = {
      version,
      hash: checked.ready.hash,
      profile,
      ...(validFrom ? { validFrom: validFrom.toISOString() } : {}),
    }
    await recordBorderAct(deps, client, { kind: 'profile_drafted', subject: id, at: deps.now(), actor, body })
  })
  return { known: await findProfile(deps.pool, id), remarks: remarks(checked.ready) }
}

export async function findProfile(client: Pick<ClientBase, 'query'>, id: string): Promise<KnownProfile> {
  const known = (await readProfiles(client)).find((profile) => profile.id === id)
  if (!known) throw new Problem('not_found', { detail: 'There is no such profile. See GET /risk/profiles.' })
  return known
}

/**
 * One approval. The author's own is refused, and the same person's twice is one.
 * @param backtest tries it on past declarations where nobody has done so
 * @throws Problem second_person_needed, not_found
 */
export async function approveProfile(
  deps: ProfileDeps,
  actor: Actor,
  id: string,
  backtest: (client: ClientBase, profile: KnownProfile) => Promise<void>,
): Promise<KnownProfile> {
  await deps.exclusively('profiles', async (client) => {
    const known = await findProfile(client, id)
    const person = actor.person?.no
    if (person === known.author || known.author === null || person === undefined) {
      throw new Problem('second_person_needed', { detail: 'A profile is approved by others than who wrote it.' })
    }
    if (known.approvals.some((given) => given.person === person)) {
      throw new Problem('second_person_needed', {
        detail: 'You approved it already; the next approval is by another person.',
      })
    }
    if (known.effective) throw new Problem('taken', { detail: 'It is approved already.' })
    if (!known.backtested) await backtest(client, known)
    await recordBorderAct(deps, client, {
      kind: 'profile_approved',
      subject: id,
      at: deps.now(),
      actor,
      body: { hash: known.hash },
    })
  })
  return findProfile(deps.pool, id)
}

/** Compiled profiles, by hash: they never change. */
export function createReadyProfiles(
  engine: RuleEngine,
): (known: Pick<KnownProfile, 'hash' | 'profile'>) => ReadyProfile {
  const ready = new Map<string, ReadyProfile>()
  return ({ hash, profile }) => {
    const warm = ready.get(hash)
    if (warm) return warm
    const made = makeReady(engine, profile)
    if ('faults' in made) throw new Error(`the profile ${hash} does not compile any more: ${made.faults[0]?.detail}`)
    ready.set(hash, made.ready)
    return made.ready
  }
}
