// The camera as a scanner: the browser's own detector where it knows DataMatrix, else a reader in WebAssembly that is loaded then.

/** Gives the codes that it sees in a picture, as a hand scanner would send them. */
type Reader = (video: HTMLVideoElement) => Promise<string[]>

const scansPerSecond = 8
/** The same code again within this time is the same look at it. */
const againAfterMs = 2500

/** @param onCode called once for each look at a code @param once whether the camera stops at the first */
export function startCamera(parent: ParentNode, onCode: (code: string) => void, once = true): void {
  const button = parent.querySelector<HTMLButtonElement>('[data-camera]')
  const finder = parent.querySelector<HTMLElement>('[data-viewfinder]')
  const fault = parent.querySelector<HTMLElement>('[data-camera-fault]')
  const video = finder?.querySelector('video')
  if (!button || !finder || !video || !fault) return
  // Only a secure origin has cameras at all.
  if (!('mediaDevices' in navigator)) return
  button.hidden = false
  let stream: MediaStream | undefined
  const stop = (): void => {
    stream?.getTracks().forEach((track) => track.stop())
    stream = undefined
    finder.hidden = true
    button.hidden = false
  }
  const begin = async (): Promise<void> => {
    fault.hidden = true
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
      })
    } catch (error) {
      const denied = error instanceof DOMException && error.name === 'NotAllowedError'
      fault.textContent = (denied ? finder.dataset['denied'] : finder.dataset['none']) ?? ''
      fault.hidden = false
      return
    }
    finder.hidden = false
    button.hidden = true
    video.srcObject = stream
    await video.play()
    await look(
      video,
      () => stream?.active === true,
      (code) => {
        if (once) stop()
        onCode(code)
      },
    )
  }
  button.addEventListener('click', () => void begin())
  finder.querySelector('[data-camera-stop]')?.addEventListener('click', stop)
  document.addEventListener('visibilitychange', () => document.hidden && stop())
}

async function look(video: HTMLVideoElement, isOn: () => boolean, onCode: (code: string) => void): Promise<void> {
  const read = (await nativeReader()) ?? (await import('./zxing.ts')).read
  const seen = new Map<string, number>()
  while (isOn()) {
    const codes = video.readyState >= 2 ? await read(video).catch(() => []) : []
    for (const code of codes) {
      const before = seen.get(code)
      seen.set(code, performance.now())
      if (isOn() && (before === undefined || performance.now() - before > againAfterMs)) onCode(code)
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / scansPerSecond))
  }
}

type Detector = { detect(source: HTMLVideoElement): Promise<{ rawValue: string; format: string }[]> }
type DetectorClass = { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> }

const formats = ['data_matrix', 'qr_code', 'code_128']

async function nativeReader(): Promise<Reader | undefined> {
  if (!('BarcodeDetector' in window)) return undefined
  const Barcodes = window.BarcodeDetector as DetectorClass
  const known = await Barcodes.getSupportedFormats().catch((): string[] => [])
  if (!formats.every((format) => known.includes(format))) return undefined
  const detector = new Barcodes({ formats })
  return async (video) => (await detector.detect(video)).map(({ rawValue }) => rawValue)
}
