// Keeps the sizes of the logs, and what was recorded a second, true while somebody looks.
const everyMs = 2000

const rate = document.querySelector<HTMLElement>('[data-rate]')
const format = new Intl.NumberFormat(rate?.dataset['language'], { maximumFractionDigits: 1 })

type Sizes = { id: string; size: number }[]
let before: { total: number; at: number } | undefined

async function refresh(): Promise<void> {
  const answer = await fetch(rate?.dataset['source'] ?? '')
  if (!answer.ok) return
  const sizes = (await answer.json()) as Sizes
  for (const { id, size } of sizes) {
    const figure = [...document.querySelectorAll<HTMLElement>('[data-log]')].find((node) => node.dataset['log'] === id)
    if (figure) figure.textContent = format.format(size)
  }
  const now = { total: sizes.reduce((sum, { size }) => sum + size, 0), at: performance.now() }
  if (rate && before) rate.textContent = format.format(((now.total - before.total) * 1000) / (now.at - before.at))
  before = now
}

const tick = (): void => {
  if (!document.hidden) refresh().catch(() => undefined)
}
if (rate) {
  tick()
  setInterval(tick, everyMs)
}
// Something is being worked out: the page is looked at again until it is there.
if (document.querySelector('[data-again]')) setTimeout(() => location.reload(), everyMs)

export {}
