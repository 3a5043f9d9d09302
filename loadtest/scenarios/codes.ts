import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { judgeTail, makeTail, tailMessage, type TailKey } from '../../src/codes/tail.ts'
import { checkDigit } from '../../src/gs1/identifiers.ts'
import { readCode } from '../../src/gs1/read.ts'
import type { Scenario } from '../bench/scenario.ts'
import { rowOf } from '../bench/table.ts'

const count = 100_000

/** Own codes read and their tails judged, against the HMAC alone as Node has it: codes for each second of CPU time of one core. */
export const codes: Scenario = async ({ rounds, tell }) => {
  const key: TailKey = { no: 1, id: 'K001', kind: 'mac', secret: createSecretKey(randomBytes(32)) }
  const body = '0470000000001'
  const gtin = body + String(checkDigit(body))
  const serials = Array.from(
    { length: count },
    (_, i) => `4${i.toString(36).padStart(5, '0')}${((i * 7919) % 36 ** 6).toString(36).padStart(7, '0')}`,
  )
  const texts = serials.map((serial) => `01${gtin}21${serial}\x1d91K001\x1d92${makeTail(key, gtin, serial).check}`)
  const messages = serials.map((serial) => tailMessage(key.id, gtin, serial))
  const perSecond = (work: () => void): number => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (count * 1e6) / (user + system)
  }
  const ours = () => {
    for (const text of texts) {
      const { reading } = readCode(text)
      if (reading?.kind !== 'unit' || !reading.tail) throw new Error('a code was not read')
      if (judgeTail(key, reading.gtin, reading.serial, reading.tail) !== 'valid') throw new Error('a tail was refused')
    }
  }
  const yardstick = () => {
    for (const message of messages) createHmac('sha256', key.secret).update(message, 'latin1').digest('base64url')
  }
  ours()
  yardstick()
  const played = []
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    played.push({ ours: perSecond(ours), yardstick: perSecond(yardstick) })
  }
  return [rowOf({ name: 'codes', unit: 'codes/s of a core', must: 0.4, aim: 0.6 }, played)]
}
