// Look-ups on the hot path that may be half a second old: keys, participants, products. A register changes seldom and
// is asked thousands of times a second.

/** What is deleted in another process stays visible here for at most this long; a deletion takes effect within 1 s. */
export const cachedAgeMaxMs = 500

export type Cached<Key, Value> = {
  /** The value as it was at most 500 ms ago, undefined if there is none. Callers at the same moment share one query. */
  get(key: Key): Promise<Value | undefined>
  /** The same without a promise, if it is known at this moment: what is asked with each request should cost no turn of the queue. */
  warm(key: Key): { readonly value: Value | undefined } | undefined
  /** Forgets one key, or all: after a change in this process. */
  forget(key?: Key): void
}

export type CachedOptions<Key, Value> = {
  load: (key: Key) => Promise<Value | undefined>
  now: () => Date
  /** The oldest look-ups are forgotten beyond this; also what bounds the memory that guessed keys can take. */
  entriesMax: number
  ageMaxMs?: number
}

/** A cache in front of `load`. What is missing is remembered like what is there; a failed load is not remembered. */
export function createCached<Key, Value>(options: CachedOptions<Key, Value>): Cached<Key, Value> {
  const { load, now, entriesMax, ageMaxMs = cachedAgeMaxMs } = options
  type Entry = { value: Promise<Value | undefined>; settled: { value: Value | undefined } | undefined; at: number }
  const entries = new Map<Key, Entry>()

  function young(key: Key, at: number): Entry | undefined {
    const known = entries.get(key)
    // A clock that was set back must not keep an entry alive.
    return known && at >= known.at && at - known.at < ageMaxMs ? known : undefined
  }

  function get(key: Key): Promise<Value | undefined> {
    const at = now().getTime()
    const known = young(key, at)
    if (known) return known.value
    const entry: Entry = { value: load(key), settled: undefined, at }
    entry.value.then(
      (value) => (entry.settled = { value }),
      () => {
        if (entries.get(key) === entry) entries.delete(key)
      },
    )
    entries.delete(key) // So that the map's order is the order of age.
    entries.set(key, entry)
    if (entries.size > entriesMax) {
      const oldest = entries.keys().next()
      if (!oldest.done) entries.delete(oldest.value)
    }
    return entry.value
  }

  return {
    get,
    warm: (key) => young(key, now().getTime())?.settled,
    forget: (key) => {
      if (key === undefined) entries.clear()
      else entries.delete(key)
    },
  }
}
