// Bodies, queries and paths against their TypeBox schemas. TypeBox's own compiler, because it stops counting at a
// bound: an array of a million wrong values costs a hundred errors, not a million.
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'
import { Problem, pointerToken, problemItemsMax, type ProblemItem } from './problem.ts'

Settings.Set({ maxErrors: problemItemsMax })

/** Fastify's compiler: bodies are taken as they are; what comes as text (query, path, headers) is converted first. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  return (value: unknown) => {
    const given = httpPart === 'body' ? value : Value.Convert(schema, value)
    if (compiled.Check(given)) return { value: given }
    return { error: compiled.Errors(given).map(({ message, ...error }) => ({ ...error, message })) }
  }
}

const parts: Record<string, string> = { querystring: 'query parameter', params: 'path parameter', headers: 'header' }

/** The problem for what a schema refused, each fault with its JSON Pointer. */
export function validationProblem(errors: readonly FastifySchemaValidationError[], part: string | undefined): Problem {
  const items = errors.flatMap(itemsOf)
  const unique = [...new Map(items.map((item) => [`${item.path} ${item.detail}`, item])).values()]
  const [first] = unique
  const where = parts[part ?? 'body'] ?? 'field'
  const detail = first
    ? `${where[0]?.toUpperCase() ?? ''}${where.slice(1)} ${first.path === '' ? '(the whole)' : first.path} ${first.detail}.`
    : 'The request does not fit its schema.'
  return new Problem('field_invalid', { detail: `${detail} Mend what errors names and send it again.`, errors: unique })
}

function itemsOf(error: FastifySchemaValidationError): ProblemItem[] {
  const at = (path: string, detail: string): ProblemItem => ({ path, code: 'field_invalid', detail })
  const { instancePath, keyword, params } = error
  switch (keyword) {
    case 'required':
      return names(params['requiredProperties']).map((name) =>
        at(`${instancePath}/${pointerToken(name)}`, 'is missing'),
      )
    case 'additionalProperties':
      return names(params['additionalProperties']).map((name) =>
        at(`${instancePath}/${pointerToken(name)}`, 'is not a known field'),
      )
    case 'boolean': // An unknown field once more, from the view of the field; additionalProperties names it.
      return []
    case 'enum':
      return [at(instancePath, `must be one of ${names(params['allowedValues']).join(', ')}`)]
    case 'pattern':
      return [at(instancePath, `must match ${String(params['pattern'])}`)]
    default:
      return [at(instancePath, error.message ?? 'is not allowed')]
  }
}

const names = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
