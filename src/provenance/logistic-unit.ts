import { levelsInside } from '../custody/object.ts'
import { digitalLink } from '../gs1/write.ts'
import { actingFor, type Actor } from '../participants/actor.ts'
import { findObject, notFound } from './find-object.ts'
import { readLife } from './life.ts'
import { type QuestionDeps, standingNow } from './unit.ts'
import * as store from './store.ts'

type Deps = QuestionDeps & { nestingMax: number }

async function open(deps: Deps, actor: Actor, text: string) {
  const object = await findObject(deps, text)
  const asker = actingFor(actor)
  const life = await readLife(deps, object, asker)
  if (life.sight === 'none' || life.moments.length === 0) throw notFound()
  const [steps] = await store.readSpans(
    deps.pool,
    object.log,
  )([{ id: object.id, from: Number.MAX_SAFE_INTEGER, to: 0 }])
  const last = steps?.at(-1)
  if (!last) throw notFound()
  return { object, asker, life, last }
}

/** GET /logistic-units/{code}: an SSCC, or a case that has a code of its own; what is in it, by product, through all levels. */
export async function tellLogisticUnit(deps: Deps, actor: Actor, text: string) {
  const { object, asker, life, last } = await open(deps, actor, text)
  return {
    code: object.code,
    ...(await standingNow(deps, life, asker)),
    count: last.contents ?? 0,
    levels: levelsInside(last.flags),
    contents: last.opened === null ? [] : await byProduct(deps, object.log, object.id),
  }
}

async function byProduct(deps: Deps, log: number, container: bigint) {
  const counts = await store.countContents(deps.pool, log, container, deps.nestingMax)
  const names = await deps.resolver.describe(counts.map((row) => row.example))
  const byGtin = new Map<string, number>()
  let logisticUnits = 0
  counts.forEach((row, i) => {
    const name = names[i]
    if (name && 'gtin' in name) byGtin.set(name.gtin, (byGtin.get(name.gtin) ?? 0) + row.count)
    else logisticUnits += row.count
  })
  const products = await Promise.all(
    [...byGtin].map(async ([gtin, count]) => ({
      gtin,
      name: (await deps.catalogue.byGtin(gtin))?.name ?? null,
      count,
    })),
  )
  return logisticUnits === 0
    ? products
    : [...products, { gtin: null, name: 'logistic units (SSCC)', count: logisticUnits }]
}

/** One page of what is directly in a container: after the object id `after`, one more than a page has. */
export async function listContents(deps: Deps, actor: Actor, text: string, after: bigint, count: number) {
  const { object, last } = await open(deps, actor, text)
  if (last.opened === null) return []
  const steps = await store.listContents(deps.pool, object.log, object.id, last.opened, after, count)
  const names = await deps.resolver.describe(steps.map((step) => step.id))
  return steps.map((step, i) => {
    const name = names[i]
    return {
      id: step.id,
      item: { code: name ? digitalLink(name) : null, state: step.state, count: step.contents ?? 0 },
    }
  })
}
