// The escaping template tag. What is shown comes from other people: it is text until somebody says otherwise, and nobody does.

/** Markup that was made here, and not text of somebody else's. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template; `false`, `null` and `undefined` stand for nothing. */
export type Part = Html | string | number | bigint | false | null | undefined | readonly Part[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand between tags and between quotes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? '')

function textOf(part: Part): string {
  if (part === false || part === null || part === undefined) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(textOf).join('')
  return escapeHtml(String(part))
}

/** Markup from a template. Attributes MUST be quoted, and addresses begin with a path of ours. */
export function h(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let text = strings[0] ?? ''
  parts.forEach((part, i) => (text += textOf(part) + (strings[i + 1] ?? '')))
  return new Html(text)
}

/** ` name` where it holds: for `checked`, `selected`, `disabled` and their like. */
export const flag = (name: 'checked' | 'selected' | 'disabled' | 'hidden' | 'required', on: boolean): Html =>
  new Html(on ? ` ${name}` : '')

/** Data for a script of the page, as an attribute: an inline script would not be let run. */
export const data = (value: unknown): string => JSON.stringify(value)
