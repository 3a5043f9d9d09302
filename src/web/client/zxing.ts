// A reader of symbols in WebAssembly, from our own address; a megabyte that only a camera without a detector of its own needs.
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'

/** Put here by the bundler: the address of the reader's WebAssembly. */
declare const readerWasm: string

prepareZXingModule({ overrides: { locateFile: () => readerWasm } })

const canvas = document.createElement('canvas')

/** What a hand scanner would send: the symbology's name, then the bytes with their separators. */
export async function read(video: HTMLVideoElement): Promise<string[]> {
  const { videoWidth: width, videoHeight: height } = video
  if (width === 0 || height === 0) return []
  Object.assign(canvas, { width, height })
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) return []
  context.drawImage(video, 0, 0)
  const found = await readBarcodes(context.getImageData(0, 0, width, height), {
    formats: ['DataMatrix', 'QRCode', 'Code128'],
    maxNumberOfSymbols: 4,
  })
  return found
    .filter(({ isValid }) => isValid)
    .map(({ symbologyIdentifier, bytes }) => symbologyIdentifier + new TextDecoder('latin1').decode(bytes))
}
