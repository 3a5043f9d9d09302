// Wire shapes that every feature shares.
import { Type } from 'typebox'
import { hintTexts } from '../gs1/read.ts'
import { problems } from './problem.ts'

const hint = Type.Optional(
  Type.Enum(Object.keys(hintTexts), { type: 'string', description: 'Of a code: the mishap that explains it' }),
)

/** A problem document (RFC 9457), for the `4xx` and `5xx` of a route's responses in the OpenAPI document. */
export const ProblemBody = Type.Object(
  {
    type: Type.String({ examples: ['urn:tamga:problem:field_invalid'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What is wrong here and what to do next' }),
    code: Type.Enum(Object.keys(problems), { type: 'string' }),
    hint,
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: 'JSON Pointer' }),
          code: Type.String(),
          detail: Type.String(),
          value: Type.Optional(Type.String()),
          hint,
        }),
      ),
    ),
    errorCount: Type.Optional(Type.Integer()),
  },
  { description: 'A problem document, application/problem+json' },
)

/** ISO 3166-1 alpha-2. */
export const Country = Type.String({ pattern: '^[A-Z]{2}$', examples: ['KG'], description: 'ISO 3166-1 alpha-2' })

/** A line of text that says something. */
export const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })

/** A public id; any text is taken and simply not found if it is none. */
export const Id = Type.String({ minLength: 1, maxLength: 64 })

/** A point in time with its offset (RFC 3339). */
export const Time = Type.String({ format: 'date-time', maxLength: 40, examples: ['2026-03-01T08:30:00+06:00'] })

export const GtinText = Type.String({
  pattern: '^(?:[0-9]{8}|[0-9]{12,14})$',
  description: 'GTIN of 14 digits; 8, 12 or 13 digits are filled with leading zeros',
})
