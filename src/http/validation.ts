// Bodies, queries and paths against their TypeBox schemas. TypeBox's own compiler, because it stops counting at a
// bound: an array of a million wrong values costs a hundred errors, not a million.
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'
import { Problem, pointerToken, problemItemsMax, type ProblemItem } from './problem.ts'

Settings.Set({ maxErrors: problemItemsMax })

/** Fastify's compiler: bodies are taken as they are; what comes as text (query, path, headers) is converted first. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  // No body (which Fastify hands over as null) says as much as an empty one.
  const mayLack = httpPart === 'body' && compiled.Check({})
  return (value: unknown) => {
    const given = httpPart !== 'body' ? Value.Convert(schema, value) : value === null && mayLack ? {} : value
    if (compiled.Check(given)) return { value: given }
    return { error: boundedErrors(compiled, given) }
  }
}

/** Lists are searched for faults in pieces of this many items. */
const pieceItems = 1_000

/**
 * Describing faults costs 200 times what finding them does, for each item, whether it is good or bad: a list of a
 * million would hold everybody up for seconds. So lists are cut first, and searched piece by piece only if need be.
 */
function boundedErrors(compiled: Validator, value: unknown): FastifySchemaValidationError[] {
  const long: LongList[] = []
  const cut = cutLists(value, '', long)
  const errors = compiled.Errors(cut)
  if (errors.length > 0 || long.length === 0) return errors
  for (const { path, items, shown } of long) {
    for (let from = pieceItems; from < items.length; from += pieceItems) {
      shown.splice(0, shown.length, ...items.slice(from, from + pieceItems))
      if (compiled.Check(cut)) continue
      return compiled.Errors(cut).map((error) => ({ ...error, instancePath: moved(error.instancePath, path, from) }))
    }
    shown.splice(0, shown.length, ...items.slice(0, pieceItems))
  }
  // Every piece is good, the whole is not: a list is too long.
  return long.map(({ path, items }) => {
    const message = `has ${items.length} items, more than are allowed`
    return { keyword: 'maxItems', instancePath: path, schemaPath: '#', params: {}, message }
  })
}

type LongList = { path: string; items: readonly unknown[]; shown: unknown[] }

/** A copy in which no list has more than one piece; `long` collects those that had. Depth is bounded at the door. */
function cutLists(value: unknown, path: string, long: LongList[]): unknown {
  if (Array.isArray(value)) {
    const shown = value.slice(0, pieceItems).map((item, i) => cutLists(item, `${path}/${i}`, long))
    if (value.length > pieceItems) long.push({ path, items: value, shown })
    return shown
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, cutLists(member, `${path}/${pointerToken(key)}`, long)]),
  )
}

/** The path of a fault in a piece as a path in the whole list. */
function moved(instancePath: string, list: string, from: number): string {
  if (!instancePath.startsWith(`${list}/`)) return instancePath
  const [index = '', ...rest] = instancePath.slice(list.length + 1).split('/')
  return [list, Number(index) + from, ...rest].join('/')
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
