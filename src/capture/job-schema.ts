import { Type } from 'typebox'
import { pagingQuery } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import { behaviours } from './job-store.ts'

export const JobParams = Type.Object({ captureID: Type.String({ minLength: 1, maxLength: 64 }) })

export const JobQuery = Type.Object(pagingQuery, { additionalProperties: false })

/** EPCIS 2.0, section 12.7.1: the headers that a document may come with. */
export const CaptureHeaders = Type.Object({
  'gs1-capture-error-behaviour': Type.Optional(
    Type.Enum(behaviours, { type: 'string', description: 'rollback (all or nothing) if absent' }),
  ),
  'gs1-epcis-version': Type.Optional(
    Type.String({ pattern: '^2\\.0(\\.\\d+)?$', maxLength: 20, description: 'The version of the body: 2.0.0' }),
  ),
})

/** A capture job as EPCIS 2.0 has it, with how far it is. */
export const CaptureJob = Type.Object({
  captureID: Type.String(),
  createdAt: Type.String(),
  finishedAt: Type.Optional(Type.String()),
  running: Type.Boolean(),
  success: Type.Boolean({ description: 'true until the first error' }),
  captureErrorBehaviour: Type.Enum(behaviours, { type: 'string' }),
  errors: Type.Array(
    Type.Object({
      ...ProblemBody.properties,
      path: Type.String({ description: 'JSON Pointer of the event in the document; empty: the document' }),
      eventID: Type.Optional(Type.String()),
    }),
    { description: 'One for each refused event, at most 100' },
  ),
  errorCount: Type.Integer(),
  progress: Type.Object({
    events: Type.Integer({ description: 'Events of the document' }),
    done: Type.Integer({ description: 'Events that are read and decided, or on the way to it' }),
    recorded: Type.Integer({ description: 'Events of it that stand in the ledger' }),
  }),
})
