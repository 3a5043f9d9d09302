// Loaded before the service (`node --import`): its clock can be set while it runs. SIGUSR2 makes it read, from the file that CLOCK_FILE
// names, by how many milliseconds it is off.
import { readFileSync } from 'node:fs'

const file = process.env['CLOCK_FILE']
let offMs = 0

if (file !== undefined) {
  const RealDate = Date
  const now = () => RealDate.now() + offMs
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], asked) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, asked) as Date,
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  })
  process.on('SIGUSR2', () => void (offMs = Number(readFileSync(file, 'utf8'))))
}
