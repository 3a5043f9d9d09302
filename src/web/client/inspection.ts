// Ticks off the units that the machine drew, as they are scanned; the form itself works without it.
import { startCamera } from './camera.ts'
import { sound } from './tones.ts'

const form = document.querySelector<HTMLFormElement>('[data-inspection]')
const tick = form?.querySelector<HTMLInputElement>('#tick')
if (form && tick) begin(form, tick)

function begin(form: HTMLFormElement, tick: HTMLInputElement): void {
  const words = JSON.parse(form.dataset['words'] ?? '{}') as Record<'stranger' | 'left', string>
  const line = form.querySelector<HTMLElement>('[data-left]')
  const rows = [...form.querySelectorAll<HTMLElement>('[data-unit]')]
  const choice = (row: HTMLElement) => row.querySelector('select')
  const tell = (): void => {
    const left = rows.filter((row) => choice(row)?.value === '').length
    for (const row of rows) row.toggleAttribute('data-ticked', choice(row)?.value === 'found')
    if (line) line.textContent = words.left.replace('{count}', String(left))
  }
  const scanned = (code: string): void => {
    const key = unitOf(code)
    const row = rows.find((one) => unitOf(one.dataset['unit'] ?? '') === key)
    const select = row && choice(row)
    if (!row || !select) {
      sound('bad')
      if (line) line.textContent = words.stranger
      return
    }
    select.value = 'found'
    sound('good')
    tell()
    row.scrollIntoView({ block: 'nearest' })
  }
  // Enter in this field is a scan and must not send the form.
  tick.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    if (tick.value.trim() !== '') scanned(tick.value.trim())
    tick.value = ''
  })
  form.addEventListener('change', tell)
  startCamera(form, scanned, false)
  tell()
}

/** GTIN and serial, from what a scanner sends or from a link: enough to find a row; the service reads codes itself. */
function unitOf(code: string): string {
  const link = /\/01\/(\d{14})\/21\/([^/?#]+)/.exec(code)
  if (link) return `${link[1]} ${decodeURIComponent(link[2] ?? '')}`
  const bracketed = /^\(01\)(\d{14})\(21\)([^(]+)/.exec(code)
  if (bracketed) return `${bracketed[1]} ${bracketed[2]}`
  const raw = /^(?:\][A-Za-z]\d)?01(\d{14})21([^\x1d]{1,20})/.exec(code)
  return raw ? `${raw[1]} ${raw[2]}` : code
}
