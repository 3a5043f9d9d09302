// The list of verdicts, newest first: a colour, a sign, a word for each code, and what to do about a refusal.
export type Tone = 'good' | 'bad' | 'warn'

const shownMax = 200

export type Line = { set(tone: Tone, head: string, text?: string): void; node: HTMLElement }

/** Puts a line on top for what was just scanned. */
export function addLine(list: HTMLElement, code: string): Line {
  const node = document.createElement('li')
  node.className = 'scan-item'
  const [head, shown, text] = [
    document.createElement('strong'),
    document.createElement('code'),
    document.createElement('p'),
  ]
  shown.textContent = shortCode(code)
  node.append(head, shown, text)
  list.prepend(node)
  if (list.children.length > shownMax) list.lastElementChild?.remove()
  return {
    node,
    set: (tone, word, more = '') => {
      node.classList.remove('good', 'bad', 'warn')
      node.classList.add(tone)
      node.dataset['tone'] = tone
      head.textContent = `${tone === 'good' ? '✓' : tone === 'bad' ? '✕' : '…'} ${word}`
      text.textContent = more
    },
  }
}

/** A code as it helps somebody with the goods in hand: what tells one unit from the next, without the tail that nobody reads. */
export function shortCode(code: string): string {
  const read = code.replace(/^\][A-Za-z]\d/, '').split('\x1d', 1)[0] ?? ''
  const serial = /^01\d{14}21(.+)$/.exec(read)?.[1] ?? /^(?:00|\(00\))(\d{18})$/.exec(read)?.[1]
  return (serial ?? read.replace(/^https:\/\/id\.gs1\.org\//, '')).slice(0, 60)
}
