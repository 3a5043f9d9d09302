// Checks the proof of each step of a life here, in the visitor's own browser, against the key of the log that it saw first.
import { NoteError, verifyProof } from '../../proof/verify/browser.ts'

type Provable = { event: string; log: string }
type Words = Record<'checking' | 'good' | 'bad' | 'late' | 'keyChanged', string>

const box = document.querySelector<HTMLElement>('[data-proof]')
const button = box?.querySelector<HTMLButtonElement>('[data-proof-check]')
const verdict = box?.querySelector<HTMLElement>('[data-proof-verdict]')

if (box && button && verdict) button.addEventListener('click', () => void check(box, button, verdict))

async function check(box: HTMLElement, button: HTMLButtonElement, verdict: HTMLElement): Promise<void> {
  const provable = JSON.parse(box.dataset['proof'] ?? '[]') as Provable[]
  const words = JSON.parse(box.dataset['words'] ?? '{}') as Words
  const number = (value: number) => new Intl.NumberFormat(box.dataset['language']).format(value)
  button.disabled = true
  box.dataset['state'] = 'checking'
  verdict.textContent = words.checking
  try {
    const keys = await logKeys()
    let largest = { origin: '', size: 0 }
    for (const { event, log } of provable) {
      const checked = await checkOne(event, keys.get(log) ?? '')
      mark(event, `✓ ${checked.origin} · ${number(checked.index)}`)
      if (checked.size > largest.size) largest = checked
    }
    verdict.textContent = words.good
      .replace('{count}', number(provable.length))
      .replace('{size}', number(largest.size))
      .replace('{origin}', largest.origin)
    box.dataset['state'] = 'good'
  } catch (error) {
    const known = error instanceof KeyChanged ? words.keyChanged : error instanceof TooEarly ? words.late : words.bad
    verdict.textContent = `${known}${error instanceof NoteError ? ` (${error.message})` : ''}`
    box.dataset['state'] = error instanceof TooEarly ? 'late' : 'bad'
  }
  button.disabled = false
}

class KeyChanged extends Error {}
/** What was committed a moment ago is signed with the next checkpoint. */
class TooEarly extends Error {}

async function checkOne(event: string, verifierKey: string) {
  const answer = await fetch(`/app/proof?event=${encodeURIComponent(event)}`)
  if (!answer.ok) throw new TooEarly(String(answer.status))
  return verifyProof((await answer.json()) as { entry: string; proof: string }, verifierKey)
}

/**
 * The verifier keys of the logs. A key that this browser saw before must not have changed: a service that shows each visitor a
 * ledger of his own would have to keep it up from his first look on.
 */
async function logKeys(): Promise<Map<string, string>> {
  const logs = (await (await fetch('/app/log-keys')).json()) as { id: string; verifierKey: string }[]
  for (const { id, verifierKey } of logs) {
    const name = `tamga log ${id}`
    const before = localStorage.getItem(name)
    if (before !== null && before !== verifierKey) throw new KeyChanged(id)
    localStorage.setItem(name, verifierKey)
  }
  return new Map(logs.map(({ id, verifierKey }) => [id, verifierKey]))
}

function mark(event: string, text: string): void {
  for (const item of document.querySelectorAll<HTMLElement>('[data-event]')) {
    if (item.dataset['event'] !== event) continue
    const line = item.querySelector<HTMLElement>('.proof-mark')
    if (!line) continue
    line.textContent = text
    line.hidden = false
  }
}
