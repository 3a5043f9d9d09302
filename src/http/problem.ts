// What can go wrong is a closed list. Programs switch on the code, people read the title and the detail.
// Adding a code is a change of the contract: it belongs into the README's table in the same commit.

import { limits } from '../config/limits.ts'
import type { CodeHint } from '../gs1/read.ts'

/** Each code with its HTTP status, a title, and what to do next where the thrower has nothing better to say. */
export const problems = {
  // The request itself
  body_malformed: [400, 'The body is not valid JSON', 'Mend the body at the place that is named and send it again.'],
  field_invalid: [400, 'A field is missing, unknown or has a wrong value', 'Mend what errors names and send it again.'],
  code_malformed: [
    400,
    'This is not a readable GS1 code',
    'Scan the code again; see errors for the rule that it breaks.',
  ],
  gtin_check_digit: [
    400,
    'The check digit of this GTIN or SSCC is wrong',
    'Compare the number with the label; one of its digits was misread or mistyped.',
  ],
  time_in_future: [400, 'The time lies in the future', 'Set the clock of the device and send the event again.'],
  event_rule: [
    400,
    'The event breaks a rule of the EPCIS standard',
    'Change the event where errors says and send it again.',
  ],
  page_token_invalid: [400, 'This page token does not belong to this query', 'Begin again without nextPageToken.'],
  request_malformed: [400, 'The request could not be understood', 'Send a well-formed HTTP request.'],

  // Who
  key_missing: [401, 'This call needs an API key', 'Send the header Authorization: Bearer <key>.'],
  key_unknown: [
    401,
    'This API key is unknown, expired, withdrawn or not confirmed yet',
    'Ask your participant, or the operator, for a valid key.',
  ],
  role_missing: [403, 'This call is reserved to other roles', 'Use a key of a participant that has the role.'],
  not_mandated: [
    403,
    'No mandate covers this',
    'Ask the principal for a mandate (POST /mandates), or leave out the header Tamga-For.',
  ],
  key_limited: [403, 'This key may not be used for this', 'Use another key, or have one issued with wider limits.'],

  // What
  not_found: [404, 'There is nothing here that you may see', 'Check the address and the identifier.'],
  method_not_allowed: [405, 'This address does not know this method', 'See /docs for the methods of each address.'],
  not_acceptable: [406, 'No offered form is acceptable', 'Ask for one of the media types that the detail names.'],

  request_timeout: [
    408,
    'The request took too long to arrive',
    'Send it again over a better line, or in smaller parts.',
  ],

  // What the judge of events, scans and receipts refuses
  code_unknown: [
    409,
    'This code was never issued',
    'Scan it again; if it stays unknown, keep the goods apart and report them.',
  ],
  code_forged: [409, 'The verification tail of this code is wrong', 'Keep the goods apart and report them.'],
  not_owner: [409, 'Only the owner may do this', 'Have the owner do it, or give you a mandate.'],
  not_holder: [409, 'Only who holds the goods may do this', 'Record how the goods came to you first, then repeat.'],
  not_addressed: [409, 'The goods are not addressed to you', 'Have the sender redirect them, or return them.'],
  wrong_state: [409, 'The object is in a state that does not allow this', 'Look at its history for what is missing.'],
  packed_elsewhere: [409, 'The object is packed in something else', 'Move the container, or unpack the object first.'],
  already_sold: [409, 'This unit is sold already', 'Do not sell it; see its history, or take it back as a return.'],
  withdrawn: [409, 'This object was recalled, blocked or voided', 'Do not sell or move it; ask who withdrew it.'],
  on_hold: [409, 'Customs hold this object', 'Wait until the authority that set the hold lifts it.'],
  expired: [409, 'The expiry date has passed', 'Do not sell it; write it off.'],
  event_id_taken: [409, 'An event with this id and other content is recorded', 'Give the new event an id of its own.'],
  several_logs: [409, 'These goods belong to several logs', 'Send one document for each product group.'],

  // Conflicts elsewhere
  taken: [409, 'This is registered already', 'Use what is registered, or choose another identifier.'],
  check_outstanding: [409, 'A check that was ordered is not done', 'Do what errors names, then repeat.'],
  second_person_needed: [409, 'A second person must do this', 'Have another person of your authority do it.'],

  // Size, form, load
  too_large: [413, 'The request is larger than the limit', 'Split it; GET / names the limits.'],
  event_too_large: [413, 'The event is larger than an entry may be', 'Split it into several events.'],
  uri_too_long: [414, 'The address is longer than the limit', 'Send long codes in a body (POST /sale-checks).'],
  media_type: [415, 'This media type is not understood here', 'Send application/json or application/ld+json.'],
  not_possible: [422, 'This is well-formed but cannot be done', 'See the detail for what stands against it.'],
  too_many_requests: [429, 'Too many requests', 'Wait as long as Retry-After says.'],
  headers_too_large: [431, 'The headers are larger than the limit', 'Send fewer or shorter headers.'],

  // Ours
  internal: [500, 'Something went wrong on our side', 'Try again; if it stays, give the operator the request id.'],
  not_implemented: [501, 'This part of the standard is not offered', 'See /docs for what is.'],
  busy: [503, 'The service is busy', 'Wait as long as Retry-After says, then repeat; nothing was stored.'],
} as const satisfies Record<string, readonly [status: number, title: string, next: string]>

export type ProblemCode = keyof typeof problems

/** One of several things that are wrong: where (a JSON Pointer into the body, query or header), what, and why. */
export type ProblemItem = {
  path: string
  code: ProblemCode
  detail: string
  value?: string
  /** Of a code: the mishap of scanning that explains it. */
  hint?: CodeHint
}

export type ProblemOptions = {
  /** What is wrong here and what to do next; the code's own advice if absent. */
  detail?: string
  errors?: ProblemItem[]
  /** How many things are wrong in all, where `errors` lists only the first 100. */
  errorCount?: number
  headers?: Record<string, string>
  cause?: unknown
}

export const { problemItemsMax } = limits

/** What a caller did wrong, or what stands against his request. Anything else that is thrown is a bug or an outage. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly errors: ProblemItem[] | undefined
  readonly errorCount: number | undefined
  readonly headers: Record<string, string> | undefined

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problems[code][2], options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.errors = options.errors
    this.errorCount = options.errorCount
    this.headers = options.headers
  }

  get status(): number {
    return problems[this.code][0]
  }
}

/** A problem with one field, located by its JSON Pointer. */
export function fieldProblem(
  path: string,
  detail: string,
  code: ProblemCode = 'field_invalid',
  more: Pick<ProblemItem, 'value' | 'hint'> = {},
): Problem {
  return new Problem(code, {
    detail: `${detail}${path === '' ? '' : ` (at ${path})`}`,
    errors: [{ path, code, detail, ...more }],
  })
}

/** The wire form of a problem (RFC 9457). */
export type ProblemDocument = {
  type: string
  title: string
  status: number
  detail: string
  code: ProblemCode
  hint?: CodeHint
  errors?: ProblemItem[]
  errorCount?: number
}

/** A code that cannot be read, located by its JSON Pointer. */
export const codeProblem = (path: string, { code, detail, hint }: Omit<ProblemItem, 'path' | 'value'>): Problem =>
  fieldProblem(path, detail, code, hint ? { hint } : {})

/** The document that answers for a problem; never more than 100 single errors. */
export function problemDocument(problem: Problem): ProblemDocument {
  const [status, title] = problems[problem.code]
  const errors = problem.errors
  const count = problem.errorCount ?? errors?.length ?? 0
  const hint = errors?.find((item) => item.hint !== undefined)?.hint
  return {
    type: `urn:tamga:problem:${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    ...(hint && problem.code === 'code_malformed' ? { hint } : {}),
    ...(errors && errors.length > 0 ? { errors: errors.slice(0, problemItemsMax), errorCount: count } : {}),
  }
}

/** One token of a JSON Pointer (RFC 6901, section 3). */
export const pointerToken = (key: string | number): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1')
