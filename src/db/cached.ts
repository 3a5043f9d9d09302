// Look-ups on the hot path that may be half a second old: keys, participants, products. A register changes seldom and
// is asked thousands of times a second.

/** What is deleted in another process stays visible here for at most this long; a deletion takes effect within 1 s. */
export const cachedAgeMaxMs = 500

export type Cached<Key, Value> = {
  /** The value as it was at most 500 ms ago, undefined if there is none. Callers at the same moment share one query. */
  get(key: Key): Promise<Value | undefined>
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
  const entries = new Map<Key, { value: Promise<Value | undefined>; at: number }>()

  function get(key: Key): Promise<Value | undefined> {
    const at = now().getTime()
    const known = entries.get(key)
    // A clock that was set back must not keep an entry alive.
    if (known && at >= known.at && at - known.at < ageMaxMs) return known.value
    const entry = { value: load(key), at }
    entry.value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key)
    })
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
    forget: (key) => {
      if (key === undefined) entries.clear()
      else entries.delete(key)
    },
  }
}
