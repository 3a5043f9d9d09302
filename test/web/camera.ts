// A camera that looks at one symbol: a picture in Y4M, as Chromium takes it for the world.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bwip from 'bwip-js/node'

const width = 640
const height = 480

/** @param code an element string as a producer downloads it, GS as \x1d @returns the file's path */
export async function cameraAt(t: { teardown: (done: () => Promise<void>) => void }, code: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tamga-camera-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'camera.y4m')
  const text = `^FNC1${code.replaceAll('\x1d', '^FNC1')}`
  const [symbol] = bwip.raw({ bcid: 'datamatrix', text, parsefnc: true })
  if (!symbol || !('pixs' in symbol)) throw new Error('no symbol')
  const { pixs, pixx, pixy } = symbol
  const module = Math.floor((height * 0.7) / pixy)
  const luma = Buffer.alloc(width * height, 235)
  const [left, top] = [Math.floor((width - pixx * module) / 2), Math.floor((height - pixy * module) / 2)]
  for (let y = 0; y < pixy * module; y++) {
    for (let x = 0; x < pixx * module; x++) {
      const dark = pixs[Math.floor(y / module) * pixx + Math.floor(x / module)] === 1
      if (dark) luma[(top + y) * width + left + x] = 16
    }
  }
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((width * height) / 2, 128)])
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420\n`)
  await writeFile(path, Buffer.concat([head, ...Array.from({ length: 5 }, () => frame)]))
  return path
}
