// What pages say: the same in each language, with the same values filled in, and the right form of a word behind a number.
import t from 'tap'
import { allMessages, languages, speak } from '../../src/web/language.ts'

const placeholders = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)/g)].map(([, name = '']) => name))].sort()

t.test('every message is there in every language, and says something of its own', (t) => {
  const english = allMessages.en
  const wrong = languages.flatMap((language) =>
    Object.entries(allMessages[language]).flatMap(([key, text]) => {
      const said = english[key as keyof typeof english]
      const faults = [
        text.trim() === '' && 'is empty',
        placeholders(text).join() !== placeholders(said).join() && 'fills in other values',
        language !== 'en' &&
          /[a-z]{3}/.test(text.replace(/\{.*?\}/g, '')) &&
          !/[а-яөүң]/i.test(text) &&
          'is not translated',
      ]
      return faults.flatMap((fault) => (fault ? [`${language} ${key} ${fault}: ${text}`] : []))
    }),
  )
  t.same(wrong, [])
  t.end()
})

t.test('numbers, their words, and days', (t) => {
  const [ky, ru, en] = [speak('ky'), speak('ru'), speak('en')]
  const days = [1, 2, 5, 11, 21, 47]
  t.same(
    days.map((count) => ru('life.silence', { days: count })),
    ['1 день', '2 дня', '5 дней', '11 дней', '21 день', '47 дней'].map((word) => `Нет вестей ${word}`),
  )
  t.same(
    days.map((count) => en('life.silence', { days: count })),
    ['1 day', '2 days', '5 days', '11 days', '21 days', '47 days'].map((word) => `No word for ${word}`),
  )
  const late = '2026-11-22T19:30:00.000Z'
  t.match(en.moment(late), 'Nov 23, 2026', 'the day of Bishkek')
  t.match(ru.day(late), '23 ноября 2026')
  t.match(ky.day(late), /23-ноябрь/)
  t.equal(ru.number(1234567).replace(/\s/g, ' '), '1 234 567')
  t.equal(ky.country('KG'), 'Кыргызстан')
  t.end()
})
