import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import type { Client, Pool } from 'pg'
import type { Limits } from '../config/limits.ts'
import { Problem, problemDocument } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import type { Catalogue } from '../products/catalogue.ts'
import { createPace, openDocument, surveyEvent } from './document.ts'
import { type RunDeps, runJob } from './job-run.ts'
import * as store from './job-store.ts'

export type JobsDeps = Pick<RunDeps, 'capture' | 'log'> & {
  /** What a GTIN stands for. */
  catalogue: Catalogue
  pool: Pool
  limits: Limits
  now: () => Date
  newId: () => string
  /** Opens a connection of its own: the locks on participants last as long as it does. */
  connect: (onEnd: () => void) => Promise<Client>
  /** The actor as he stands now; undefined where he may no longer act for his principal. */
  renew: (actor: Actor) => Promise<Actor | undefined>
}

/** Capture jobs (EPCIS 2.0, section 8.2.7): documents are accepted at once and worked through one after the other. */
export type Jobs = {
  /**
   * Stores the document and its job; durable when it resolves.
   * @throws Problem where the document as such is not right, too large, or too many wait
   */
  accept(actor: Actor, bytes: Buffer, behaviour: store.Behaviour): Promise<store.Job>
  /** Goes on with what is not finished; called once the service is ready. */
  start(): void
  /** Stops behind the slice in hand. What is not finished is gone on with at the next start. */
  stop(): Promise<void>
}

const deflate = promisify(deflateRaw)

/** Another process may have died with work in hand, or the database was away: look again this often. */
const lookAgainMs = 2_000

export function createJobs(deps: JobsDeps): Jobs {
  const { pool, limits, log } = deps
  const busy = new Map<number, Promise<void>>()
  let locks: Promise<Client> | undefined
  let looking: Promise<void> | undefined
  let lookAgain = false
  let stopping = false
  let timer: NodeJS.Timeout | undefined

  /** The connection that holds the locks. If it breaks they are gone, and two processes may work on one job: then slower, never wrong. */
  const lockClient = (): Promise<Client> => {
    locks ??= deps
      .connect(() => (locks = undefined))
      .catch((error: unknown) => {
        locks = undefined
        throw error
      })
    return locks
  }

  const look = async (): Promise<void> => {
    const waiting = await store.participantsWithWork(pool, [...busy.keys()])
    for (const participantNo of waiting) {
      if (stopping || busy.size >= limits.captureJobsAtOnce) return
      const client = await lockClient()
      if (!(await store.lockParticipant(client, participantNo))) continue
      busy.set(participantNo, workLocked(client, participantNo))
    }
  }

  const workLocked = async (client: Client, participantNo: number): Promise<void> => {
    let worked = false
    try {
      await workFor(participantNo)
      worked = true
    } catch (error) {
      log.warn({ err: error }, 'a capture job was interrupted; it is gone on with')
    }
    // Of a connection that broke there is nothing to give back.
    await store.unlockParticipant(client, participantNo).catch(() => undefined)
    busy.delete(participantNo)
    // For what came since; after an outage the timer is soon enough.
    if (worked) kick()
  }

  /** One look at a time; who asks meanwhile is answered by one more. */
  const kick = (): void => {
    if (stopping) return
    lookAgain = true
    looking ??= (async () => {
      while (lookAgain) {
        lookAgain = false
        await look().catch((error: unknown) => log.warn({ err: error }, 'capture jobs could not be looked up'))
      }
    })().finally(() => (looking = undefined))
  }

  /** The participant's documents, one after the other. */
  const workFor = async (participantNo: number): Promise<void> => {
    while (!stopping) {
      const job = await store.nextJob(pool, participantNo)
      if (!job) return
      const progress = await finished(job)
      if (!progress) return
      await store.finishJob(pool, job.no, progress, deps.now())
    }
  }

  const finished = async (job: store.OpenJob): Promise<store.Progress | undefined> => {
    const actor = await deps.renew(job.actor)
    if (!actor) return failed(job, new Problem('not_mandated'))
    const save = (progress: store.Progress) => store.saveProgress(pool, job.no, progress)
    try {
      return await runJob({ ...deps, save, stopping: () => stopping }, job, actor)
    } catch (error) {
      // The frame was right when it was accepted, so this is a fault of ours; it must not keep the next document waiting.
      if (!(error instanceof Problem) || error.code === 'busy') throw error
      return failed(job, error)
    }
  }

  return {
    accept: async (actor, bytes, behaviour) => {
      if ((await store.countOpen(pool, actor.participant.no)) >= limits.captureJobsOpenMax) {
        throw new Problem('too_many_requests', {
          detail: `${limits.captureJobsOpenMax} of your documents wait. Send the next once one is finished (GET /capture).`,
          headers: { 'retry-after': '10' },
        })
      }
      const { events, log: only } = await survey(deps, bytes)
      const deflated = await deflate(bytes, { level: 1 })
      const document = { length: bytes.length, deflated }
      const createdAt = deps.now()
      const job = await store.insertJob(pool, {
        id: deps.newId(),
        actor,
        behaviour,
        createdAt,
        events,
        log: only,
        document,
      })
      kick()
      return job
    },
    start: () => {
      timer = setInterval(kick, lookAgainMs)
      timer.unref()
      kick()
    },
    stop: async () => {
      stopping = true
      clearInterval(timer)
      await looking
      await Promise.all(busy.values())
      await (await locks?.catch(() => undefined))?.end()
    },
  }
}

const failed = (job: store.Job, problem: Problem): store.Progress => ({
  done: job.events,
  recorded: job.recorded,
  success: false,
  errorCount: job.errorCount + 1,
  errors: [...job.errors, { ...problemDocument(problem), path: '' }],
})

/** What is told at once: whether the frame is right, every event is JSON, and neither their number nor that of codes is too large. */
async function survey({ limits, catalogue }: JobsDeps, bytes: Buffer): Promise<{ events: number; log: string | null }> {
  const { documentEventsMax, documentCodesMax } = limits
  const pace = createPace()
  const { events } = await openDocument(bytes, pace)
  if (events.length > documentEventsMax) {
    throw tooLarge(`A document may have ${documentEventsMax} events; this one has ${events.length}.`)
  }
  const gtins = new Set<string>()
  let codes = 0
  for (const { json } of events) {
    await pace()
    const event = surveyEvent(json())
    codes += event.codes
    if (event.gtin !== undefined) gtins.add(event.gtin)
  }
  if (codes > documentCodesMax) {
    throw tooLarge(`A document may name ${documentCodesMax} codes; this one names ${codes}.`)
  }
  const products = await Promise.all([...gtins].map((gtin) => catalogue.byGtin(gtin)))
  const logs = new Set(products.flatMap((product) => product?.group.log ?? []))
  const [only] = logs
  return { events: events.length, log: logs.size === 1 ? (only ?? null) : null }
}

const tooLarge = (detail: string): Problem => new Problem('too_large', { detail: `${detail} Split it.` })
