import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from 'pg'
import type { Limits } from '../config/limits.ts'
import { connectClient, type DatabaseAccess, type Db } from '../db/connect.ts'
import { newId } from '../db/id.ts'
import type { Directory } from '../participants/directory.ts'
import type { Catalogue } from '../products/catalogue.ts'
import type { OpenedCapture } from './open.ts'
import { renewActor } from './job-actor.ts'
import { createJobs, type Jobs } from './jobs.ts'

export type OpenJobsOptions = Pick<OpenedCapture, 'capture'> & {
  catalogue: Catalogue
  access: DatabaseAccess
  pool: Pool
  db: Db
  directory: Directory
  limits: Limits
  log: FastifyBaseLogger
  now: () => Date
}

/** The capture jobs of this process, with a connection of their own for the locks on what it works on. */
export function openJobs({ access, db, directory, ...deps }: OpenJobsOptions): Jobs {
  const { log, now } = deps
  return createJobs({
    ...deps,
    newId,
    connect: async (onEnd) => {
      const onError = (error: Error) => log.warn({ err: error }, 'the connection of capture jobs broke')
      const client = await connectClient(access, onError, { name: 'tamga capture jobs', pipeline: false })
      client.on('end', onEnd)
      return client
    },
    renew: (actor) => renewActor({ db, directory, now }, actor),
  })
}
