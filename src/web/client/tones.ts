// What is heard: high for recorded, low and long for refused, so that nobody must look up from the goods.
let context: AudioContext | undefined

const tones = { good: [1320, 0.09], bad: [196, 0.45], warn: [660, 0.16] } as const

/** Made at the first press of a key or button, which browsers want before there is any sound. */
export function sound(tone: keyof typeof tones): void {
  try {
    context ??= new AudioContext()
    const [frequency, seconds] = tones[tone]
    const oscillator = new OscillatorNode(context, { frequency, type: tone === 'bad' ? 'square' : 'sine' })
    const gain = new GainNode(context, { gain: 0.12 })
    oscillator.connect(gain).connect(context.destination)
    oscillator.start()
    oscillator.stop(context.currentTime + seconds)
  } catch {
    // A device without sound still shows its colours.
  }
  navigator.vibrate?.(tone === 'bad' ? [120, 60, 120] : 40)
}
