import { Type, type Static } from 'typebox'
import { bizSteps, dispositions } from '../epcis/vocabulary.ts'
import { Country, Id, Name, Time } from '../http/schema.ts'

const closed = { additionalProperties: false }

// A code in any form; what it says is read by hand, so that a bad one is located and explained.
export const CodeText = Type.String({ minLength: 1, maxLength: 1024 })

const Reason = Type.String({ pattern: '^[a-z][a-z_]{1,39}$', description: 'One of GET /reasons' })

/** Somebody who is not registered here: the goods leave the system. */
export const OutsiderBody = Type.Object(
  {
    name: Name,
    country: Country,
    taxId: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    reason: Type.Optional(Reason),
  },
  closed,
)

const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', examples: ['2027-03-31'] })

const EventIdText = Type.String({
  pattern: '^(urn:uuid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|ni:///[^\\s]{1,200})$',
  description: 'urn:uuid:… or ni:///…; the same id and content again is answered as the first time',
})

export const Scan = Type.Object(
  {
    codes: Type.Array(CodeText),
    step: Type.Enum(bizSteps, { type: 'string' }),
    time: Type.Optional(Time),
    place: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The id or GLN of a place' })),
    to: Type.Optional(Type.Union([Id, OutsiderBody], { description: 'A participant id, or who is not registered' })),
    carrier: Type.Optional(Id),
    transfer: Type.Optional(Type.Enum(['ownership', 'possession'], { type: 'string' })),
    document: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })),
    parent: Type.Optional(CodeText),
    eventID: Type.Optional(EventIdText),
    disposition: Type.Optional(Type.Enum(dispositions, { type: 'string' })),
    lot: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
    productionDate: Type.Optional(Day),
    expiryDate: Type.Optional(Day),
    partial: Type.Optional(Type.Boolean()),
    offline: Type.Optional(Type.Boolean()),
    sentAt: Type.Optional(Time),
    ifEarly: Type.Optional(Type.Enum(['wait', 'refuse'], { type: 'string' })),
    except: Type.Optional(Type.Array(CodeText)),
    reason: Type.Optional(Reason),
  },
  closed,
)
export type Scan = Static<typeof Scan>

/** What recording answers; the entries say where in which log the event stands. */
export const RecordedBody = Type.Object({
  eventID: Type.String(),
  recordTime: Type.String(),
  entries: Type.Array(Type.Object({ log: Type.String(), position: Type.Integer({ minimum: 0 }) })),
  waiting: Type.Optional(
    Type.Array(Type.String(), { description: 'Codes that wait for their predecessor, and are moved once it comes' }),
  ),
})

const Items = Type.Array(
  Type.Object({
    path: Type.String(),
    code: Type.String(),
    detail: Type.String(),
    value: Type.Optional(Type.String()),
  }),
)

export const PartlyRecordedBody = Type.Object({ ...RecordedBody.properties, errors: Items, errorCount: Type.Integer() })

/** The verdict of one scan of an array: as if it had been sent alone, with the status it would have had. */
export const ScanVerdict = Type.Object({
  status: Type.Integer(),
  eventID: Type.Optional(Type.String()),
  recordTime: Type.Optional(Type.String()),
  entries: Type.Optional(RecordedBody.properties.entries),
  code: Type.Optional(Type.String()),
  title: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(Items),
  errorCount: Type.Optional(Type.Integer()),
})
