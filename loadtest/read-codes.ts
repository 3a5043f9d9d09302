import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { checkDigit } from '../src/gs1/identifiers.ts'
import { readCode } from '../src/gs1/read.ts'

/**
 * How many own codes one core reads per second: parsed alone, and with the tail's HMAC-SHA-256 computed and compared.
 * `npm run loadtest:codes -- [codes] [seconds]`; each figure is the best of the rounds that fit into the time.
 */
const count = Number(process.argv[2] ?? 200_000)
const seconds = Number(process.argv[3] ?? 3)
const key = randomBytes(32)

const body = '0470000000001'
const gtin = body + String(checkDigit(body))
const tailOf = (serial: string): string =>
  createHmac('sha256', key).update(gtin).update('\x1d').update(serial).digest('base64url').slice(0, 16)

const codes = Array.from({ length: count }, (_, i) => {
  const serial = `4${i.toString(36).padStart(5, '0')}${(i * 7919).toString(36).padStart(7, '0')}`
  return `01${gtin}21${serial}\x1d91K001\x1d92${tailOf(serial)}`
})

function best(work: (code: string) => boolean): number {
  let rate = 0
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    const start = performance.now()
    let good = 0
    for (const code of codes) if (work(code)) good += 1
    if (good !== codes.length) throw new Error(`${codes.length - good} codes did not read`)
    rate = Math.max(rate, (codes.length / (performance.now() - start)) * 1000)
  }
  return Math.round(rate)
}

const read = best((code) => readCode(code).reading?.kind === 'unit')
const verified = best((code) => {
  const { reading } = readCode(code)
  if (reading?.kind !== 'unit' || !reading.tail) return false
  return timingSafeEqual(Buffer.from(tailOf(reading.serial)), Buffer.from(reading.tail.check))
})
process.stdout.write(
  `read: ${read.toLocaleString('en')} codes/s\nread and verified: ${verified.toLocaleString('en')} codes/s\n`,
)
