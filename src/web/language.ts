// In which language a page speaks: what the visitor chose, else what the browser asks for, else Kyrgyz.
import { enDesk } from './messages/en-desk.ts'
import { enWork } from './messages/en-work.ts'
import { en } from './messages/en.ts'
import { kyDesk } from './messages/ky-desk.ts'
import { kyWork } from './messages/ky-work.ts'
import { ky } from './messages/ky.ts'
import { ruDesk } from './messages/ru-desk.ts'
import { ruWork } from './messages/ru-work.ts'
import { ru } from './messages/ru.ts'

export const languages = ['ky', 'ru', 'en'] as const
export type Language = (typeof languages)[number]
const english = { ...en, ...enDesk, ...enWork }
export type MessageKey = keyof typeof english

/** A language must have every message, or it does not type-check. */
export const allMessages: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = {
  ky: { ...ky, ...kyDesk, ...kyWork },
  ru: { ...ru, ...ruDesk, ...ruWork },
  en: english,
}

export const languageNames: Readonly<Record<Language, string>> = { ky: 'Кыргызча', ru: 'Русский', en: 'English' }

const isLanguage = (text: string | undefined): text is Language => languages.some((language) => language === text)
const isKey = (text: string): text is MessageKey => Object.hasOwn(english, text)

/** @param chosen `?lang=` or the cookie @param accepted the header Accept-Language (RFC 9110, section 12.5.4) */
export function chooseLanguage(chosen: string | undefined, accepted: string | undefined): Language {
  if (isLanguage(chosen)) return chosen
  const wanted = (accepted ?? '')
    .split(',', 20)
    .map((item) => {
      const [tag = '', quality = ''] = item.trim().split(';', 2)
      return { language: tag.slice(0, 2).toLowerCase(), quality: Number(/q=([\d.]+)/.exec(quality)?.[1] ?? 1) }
    })
    .sort((a, b) => b.quality - a.quality)
  return wanted.map(({ language }) => language).find(isLanguage) ?? 'ky'
}

/** Where most visitors are: a time without a zone would be taken for theirs, so it is, and says so. */
const timeZone = 'Asia/Bishkek'

export type Say = {
  (key: MessageKey, values?: Readonly<Record<string, string | number>>): string
  readonly language: Language
  /** The message of this name, or the text itself: what the interface may say is a list that grows. */
  orPlain(prefix: string, name: string, plain?: string): string
  /** A moment, in the time of Bishkek. */
  moment(time: string): string
  day(time: string): string
  number(value: number): string
  country(code: string): string
}

/** `{days:день|дня|дней}`: the form for one, for a few where the language has one of its own, and for many. */
const pluralForm = (category: Intl.LDMLPluralRule, forms: readonly string[]): string =>
  (category === 'one' ? forms[0] : category === 'few' ? forms[1] : forms.at(-1)) ?? ''

const made = new Map<Language, Say>()

/** The voice of a language: messages with their values, and its way with numbers and times. */
export function speak(language: Language): Say {
  const known = made.get(language)
  if (known) return known
  const numbers = new Intl.NumberFormat(language)
  const moments = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const days = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone })
  const plurals = new Intl.PluralRules(language)
  const regions = new Intl.DisplayNames(language, { type: 'region' })
  const fill = (key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string =>
    allMessages[language][key].replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name: string, forms?: string) => {
      const value = values[name] ?? ''
      if (forms !== undefined) return pluralForm(plurals.select(Number(value)), forms.split('|'))
      return typeof value === 'number' ? numbers.format(value) : value
    })
  const format = (formatter: Intl.DateTimeFormat, time: string): string => {
    const at = new Date(time)
    return Number.isNaN(at.getTime()) ? time : formatter.format(at)
  }
  const say: Say = Object.assign(fill, {
    language,
    orPlain: (prefix: string, name: string, plain = name) => {
      const key = `${prefix}.${name}`
      return isKey(key) ? fill(key) : plain
    },
    moment: (time: string) => format(moments, time),
    day: (time: string) => format(days, time),
    number: (value: number) => numbers.format(value),
    // The state calls itself so in both of its languages; the tables of ICU have an older name in Russian.
    country: (code: string) =>
      code === 'KG' && language === 'ru' ? 'Кыргызстан' : /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code,
  })
  made.set(language, say)
  return say
}
