import type { Actor } from './actor.ts'

/** What happened to a register that the log `audit` must tell (design D15). */
export type AdministrativeAct = {
  kind:
    | 'participant_registered'
    | 'company_prefix_registered'
    | 'person_registered'
    | 'place_registered'
    | 'key_issued'
    | 'key_confirmed'
    | 'key_withdrawn'
    | 'mandate_given'
    | 'mandate_withdrawn'
    | 'product_group_changed'
    | 'product_registered'
    | 'importer_registered'
    | 'importer_withdrawn'
    | 'tail_keys_rotated'
  at: Date
  /** Undefined: the service itself, from its environment at the start. */
  actor: Actor | undefined
  /** Public ids and settings, never a secret: participant, key, person, kind, expiry, … */
  subject: Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * Records an act. Called inside the act's own transaction, before it commits: when this rejects, the act does not happen.
 * An entry without its act is possible (a crash between the two), an act without its entry is not.
 */
export type OnAdministrativeAct = (act: AdministrativeAct) => Promise<void>
