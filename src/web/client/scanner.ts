// Scanning: a code comes by keyboard, hand scanner or camera, is kept, sent in order, and answered with colour and sound.
import { addLine, type Line, shortCode, type Tone } from './answers.ts'
import { startCamera } from './camera.ts'
import { chosenParty, offerParties } from './parties.ts'
import { forget, keep, type Kept, remember, replace, type Scan, waiting, type Who, whoScans } from './queue.ts'
import { sound } from './tones.ts'

type Item = { path: string; code: string; detail: string }
type Verdict = { status: number; code?: string; detail?: string; title?: string; errors?: Item[]; waiting?: string[] }

const root = document.querySelector<HTMLElement>('[data-scanner]')
if (root) void open(root)

/** The page says who scans; the one that opens without a network asks the browser who it was. */
async function open(root: HTMLElement): Promise<void> {
  const said = root.querySelector<HTMLElement>('[data-key]')
  const csrf = root.querySelector<HTMLInputElement>('[name=csrf]')?.value
  if (!said) return begin(root, await whoScans().catch(() => undefined), undefined)
  const who: Who = { key: said.dataset['key'] ?? '', steps: JSON.parse(said.dataset['steps'] ?? '[]') as string[] }
  begin(root, who, csrf)
  await remember(who).catch(() => undefined)
  await prepareForNoNetwork(root).catch(() => undefined)
}

/** Only where the browser has it, and on a secure origin; scanning itself needs none of it. */
async function prepareForNoNetwork(root: HTMLElement): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.addEventListener('message', () => (root.dataset['kept'] = ''))
  navigator.serviceWorker.startMessages()
  await navigator.serviceWorker.register('/app/worker.js', { scope: '/app/' })
  const { active } = await navigator.serviceWorker.ready
  active?.postMessage(root.dataset['language'] ?? '')
}

/** @param csrf undefined: asked for when something is to be sent */
function begin(root: HTMLElement, who: Who | undefined, csrf: string | undefined): void {
  const find = <Found extends HTMLElement>(selector: string): Found => {
    const found = root.querySelector<Found>(selector)
    if (!found) throw new Error(selector)
    return found
  }
  const words = JSON.parse(root.dataset['words'] ?? '{}') as Record<string, string>
  const say = (name: string, values: Record<string, string> = {}): string =>
    (words[name] ?? '').replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '')
  const [step, input, list] = [
    find<HTMLSelectElement>('#step'),
    find<HTMLInputElement>('#scan'),
    find('[data-answers]'),
  ]
  const [pack, closePack, line, attention] = [
    find('[data-pack]'),
    find<HTMLButtonElement>('[data-close-pack]'),
    find('[data-line]'),
    find('[data-attention]'),
  ]
  const key = who?.key ?? ''
  const address = root.dataset['address'] ?? ''
  const lines = new Map<string, { line: Line; code: string }[]>()
  let parent: string | undefined
  let children: { code: string; line: Line }[] = []
  let answered = 0
  let sending: Promise<void> | undefined

  const answer = (shown: Line, tone: Tone, head: string, text = ''): void => {
    shown.set(tone, head, text)
    sound(tone)
    find('[data-count]').textContent = String(++answered)
  }
  const warn = (text: string): void => {
    attention.textContent = text
    attention.hidden = text === ''
  }
  const detail = (name: string): string | undefined => {
    const node = find<HTMLInputElement | HTMLSelectElement>(`#${name}`)
    const used = node.closest<HTMLElement>('[data-for]')
    if (used?.hidden || node.value.trim() === '') return undefined
    return name === 'to' || name === 'carrier' ? chosenParty(node.value) : node.value.trim()
  }
  /** The token of this session, if it is still that of who scanned. */
  const token = async (): Promise<string | undefined> => {
    if (csrf !== undefined) return csrf
    const answer = await fetch(`${address}/session`, { redirect: 'error' })
    const session = (await answer.json()) as { key: string; csrf: string }
    return session.key === key ? (csrf = session.csrf) : undefined
  }

  /** Which fields a step has, and what is to be scanned next. */
  const showStep = (): void => {
    for (const node of root.querySelectorAll<HTMLElement>('[data-for]')) {
      const of = node.dataset['for'] ?? ''
      node.hidden = of !== '*' && !of.split(' ').includes(step.value)
    }
    find<HTMLDetailsElement>('[data-details]').open ||= step.value === 'shipping'
    const packs = step.value === 'packing' || step.value === 'unpacking'
    pack.hidden = !packs
    closePack.hidden = !packs || parent === undefined || children.length === 0
    pack.textContent =
      parent === undefined
        ? say('scanParent')
        : say('inPack', { parent: shortCode(parent), count: String(children.length) })
  }
  const leavePack = (): void => {
    parent = undefined
    children = []
    showStep()
  }

  const scanned = async (code: string): Promise<void> => {
    warn('')
    if (step.value === 'check') return checkSale(code)
    if (step.value === 'packing' || step.value === 'unpacking') {
      if (parent === undefined) parent = code
      else if (code === parent || children.some((child) => child.code === code)) warn(say('scanTwice'))
      else {
        const shown = addLine(list, code)
        shown.set('warn', say('waiting'))
        children.push({ code, line: shown })
        sound('warn')
      }
      return showStep()
    }
    const carrier = find<HTMLInputElement>('#carrier').value.trim()
    if (
      step.value === 'shipping' &&
      (detail('to') === undefined || (carrier !== '' && detail('carrier') === undefined))
    ) {
      sound('bad')
      warn(say('needTo'))
      return
    }
    const shown = addLine(list, code)
    await enqueue([{ code, line: shown }])
  }

  const enqueue = async (of: { code: string; line: Line }[]): Promise<void> => {
    const [place, to, carrier, document] = [detail('place'), detail('to'), detail('carrier'), detail('document')]
    const scan: Scan = {
      eventID: `urn:uuid:${crypto.randomUUID()}`,
      codes: of.map(({ code }) => code),
      step: step.value,
      time: timeHere(new Date()),
      ...(place === undefined ? {} : { place }),
      ...(to === undefined ? {} : { to }),
      ...(carrier === undefined ? {} : { carrier }),
      ...(document === undefined ? {} : { document }),
      ...(parent === undefined ? {} : { parent }),
    }
    of.forEach(({ line }) => line.set('warn', say('sending')))
    lines.set(scan.eventID, of)
    try {
      await keep({ key, scan })
    } catch {
      of.forEach(({ line }) => answer(line, 'bad', say('notKept')))
      return
    }
    void flush()
  }

  const flush = (): Promise<void> => (sending ??= sendAll().finally(() => (sending = undefined)))

  /** One after the other; whatever is not answered stays where it is, and everything behind it. */
  const sendAll = async (): Promise<void> => {
    for (let kept = await waiting(key); kept.length > 0; kept = await waiting(key)) {
      const [first] = kept
      if (!first) return
      const verdict = await send(first)
      if (verdict === undefined) {
        await hold(kept)
        return
      }
      if (verdict.status === 401 || (verdict.status === 403 && verdict.code === 'session_stale')) {
        warn(say('signIn'))
        return
      }
      await forget(first.no ?? 0)
      tell(first.scan, verdict)
    }
    line.textContent = say('online')
    line.dataset['state'] = 'online'
  }

  const send = async ({ scan }: Kept): Promise<Verdict | undefined> => {
    try {
      const known = await token()
      if (known === undefined) return { status: 401 }
      const answer = await fetch(`${address}/scans`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'tamga-csrf': known },
        body: JSON.stringify({ ...scan, partial: true, sentAt: new Date().toISOString() }),
        signal: AbortSignal.timeout(15_000),
      })
      // Too busy, or broken on the way: it was not answered.
      if (answer.status === 429 || answer.status >= 500) return undefined
      return { ...((await answer.json()) as Verdict), status: answer.status }
    } catch {
      return undefined
    }
  }

  /** The network is away: what waits has happened, and says so when it is sent. */
  const hold = async (kept: Kept[]): Promise<void> => {
    for (const item of kept) {
      if (!item.scan.offline) await replace({ ...item, scan: { ...item.scan, offline: true } })
      for (const { line } of lines.get(item.scan.eventID) ?? []) {
        if (line.node.dataset['kept'] === undefined) sound('warn')
        line.node.dataset['kept'] = ''
        line.set('warn', say('kept'))
      }
    }
    line.textContent = say('offline', { count: String(kept.length) })
    line.dataset['state'] = 'offline'
  }

  const tell = (scan: Scan, verdict: Verdict): void => {
    const of = lines.get(scan.eventID) ?? scan.codes.map((code) => ({ code, line: addLine(list, code) }))
    lines.delete(scan.eventID)
    of.forEach(({ line }, i) => {
      const own =
        verdict.errors?.find(({ path }) => path === `/codes/${i}`) ??
        verdict.errors?.find(({ path }) => !path.startsWith('/codes/'))
      const fault =
        own ?? (verdict.status >= 400 ? { code: verdict.code ?? '', detail: verdict.detail ?? '' } : undefined)
      if (fault)
        answer(line, 'bad', say(`problem.${fault.code}`) || fault.code, say(`do.${fault.code}`) || fault.detail)
      else if (verdict.waiting && verdict.waiting.length > 0) answer(line, 'warn', say('early'))
      else answer(line, 'good', say('good'))
    })
  }

  const checkSale = async (code: string): Promise<void> => {
    const shown = addLine(list, code)
    try {
      const asked = await fetch(`${address}/checks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'tamga-csrf': (await token()) ?? '' },
        body: JSON.stringify({ codes: [code] }),
      })
      const body = (await asked.json()) as { results?: { maySell: boolean; reason?: string }[]; code?: string }
      const result = body.results?.[0]
      if (result?.maySell) return answer(shown, 'good', say('maySell'))
      const reason = result?.reason ?? body.code ?? ''
      answer(shown, 'bad', say(`problem.${reason}`) || reason, say(`do.${reason}`))
    } catch {
      answer(shown, 'bad', say('offline', { count: '' }))
    }
  }

  if (!who) {
    warn(say('signIn'))
    find<HTMLButtonElement>('[data-scan-form] button').disabled = true
    input.disabled = true
    return
  }
  for (const option of [...step.options]) if (!who.steps.includes(option.value)) option.remove()
  for (const name of ['to', 'carrier']) offerParties(find<HTMLInputElement>(`#${name}`), address)
  root.querySelector('[data-scan-form]')?.addEventListener('submit', (event) => {
    event.preventDefault()
    const code = input.value.trim()
    input.value = ''
    input.focus()
    if (code !== '') void scanned(code)
  })
  closePack.addEventListener('click', () => {
    void enqueue(children)
    leavePack()
    input.focus()
  })
  step.addEventListener('change', leavePack)
  startCamera(root, (code) => void scanned(code), false)
  window.addEventListener('online', () => void flush())
  setInterval(() => void flush(), 5000)
  showStep()
  input.focus()
  void flush()
}

/** The moment with the zone of the device: the day of a sale is the day where it was sold. */
function timeHere(at: Date): string {
  const ahead = -at.getTimezoneOffset()
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0')
  const local = new Date(at.getTime() + ahead * 60_000).toISOString().slice(0, -1)
  return `${local}${ahead < 0 ? '-' : '+'}${two(ahead / 60)}:${two(ahead % 60)}`
}
