import { canonicalJson } from '../declarations/act.ts'
import type { DecidedBody } from '../declarations/bodies.ts'
import { draw, isSelected } from '../draw/draw.ts'
import { decide } from './decide.ts'
import { randomnessOf } from './deciding.ts'
import type { RuleEngine } from './engine.ts'
import type { ReadyProfile } from './profile.ts'

/**
 * Decides again from what was stored: the profile by its hash, the facts' values, the counts of the quota, and the draws from the seed.
 * @returns the part of the body that follows from them, as canonical JSON: the same bytes as then, or something was changed
 */
export function repeat(
  engine: RuleEngine,
  profile: ReadyProfile,
  body: DecidedBody,
  seed: Uint8Array,
): { then: string; now: string } {
  const { lane, hold, doNotLoad, results, score, reasons, checks, draws, authorised, keyDocuments, alarm } = body
  const then = {
    lane,
    hold,
    doNotLoad,
    results,
    score,
    reasons,
    checks,
    draws,
    authorised,
    ...(keyDocuments === undefined ? {} : { keyDocuments }),
    ...(alarm === undefined ? {} : { alarm }),
  }
  const now = decide({
    engine,
    profile,
    facts: body.facts,
    withdrawn: new Set(body.withdrawn),
    quota: body.quota,
    draw: (purpose, rate) => {
      const u = draw(seed, randomnessOf(body.chance), body.chance.digest, purpose)
      return { purpose, rate, u, selected: isSelected(u, rate) }
    },
  })
  return { then: canonicalJson(then), now: canonicalJson(now) }
}
