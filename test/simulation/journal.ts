// What the clients were told, and what they must never be told; everything that is counted in the end.

/** An event that was acknowledged, with the words of the acknowledgement. */
export type Told = { who: string; path: string; body: object; eventID: string; answer: string; position: number }

type Watch = { since: number; wanted: Set<string>; any: (ms: number) => void; all: (ms: number) => void }

/** Served again: by any process, and by every one, in milliseconds by `performance.now`. */
export type Served = { any: Promise<number>; all: Promise<number> }

export class Journal {
  readonly told: Told[] = []
  /** Each is a defect: an answer other than the model's, an answer that nobody may get. */
  readonly wrong: string[] = []
  /** The run was given up. */
  closed = false
  readonly #counts = new Map<string, number>()
  #serial = 0
  #watches: Watch[] = []

  count(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times)
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  counted(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** An order is about to be sent for the first time. */
  begins(): number {
    return this.#serial++
  }

  acknowledged(told: Told, process: string, serial: number): void {
    this.told.push(told)
    this.count('acknowledged')
    for (const watch of this.#watches) {
      if (serial < watch.since || !watch.wanted.has(process)) continue
      watch.any(performance.now())
      watch.wanted.delete(process)
      if (watch.wanted.size === 0) watch.all(performance.now())
    }
    this.#watches = this.#watches.filter(({ wanted }) => wanted.size > 0)
  }

  /** @param processes by which something that is sent from now on is to be acknowledged */
  served(processes: readonly string[]): Served {
    const watch: Watch = { since: this.#serial, wanted: new Set(processes), any: () => undefined, all: () => undefined }
    this.#watches.push(watch)
    return {
      any: new Promise((resolve) => (watch.any = resolve)),
      all: new Promise((resolve) => (watch.all = resolve)),
    }
  }
}
