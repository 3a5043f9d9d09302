/** A map that forgets what was not asked for longest, once the weights of what it holds exceed a bound. */
export type Lru<Key, Value> = {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  readonly size: number
}

/** @param weightMax the bound, in whatever unit `weigh` answers in (1 each if absent) */
export function createLru<Key, Value extends object>(
  weightMax: number,
  weigh: (value: Value) => number = () => 1,
): Lru<Key, Value> {
  const entries = new Map<Key, Value>()
  let weight = 0
  let newest: Key | undefined
  return {
    get(key) {
      const value = entries.get(key)
      // Codes come in runs of one order and block; moving the newest to the end again would be most of the work.
      if (value === undefined || key === newest) return value
      entries.delete(key)
      entries.set(key, value)
      newest = key
      return value
    },
    set(key, value) {
      const former = entries.get(key)
      if (former !== undefined) {
        weight -= weigh(former)
        entries.delete(key)
      }
      entries.set(key, value)
      newest = key
      weight += weigh(value)
      for (const [oldKey, oldValue] of entries) {
        if (weight <= weightMax || entries.size === 1) break
        entries.delete(oldKey)
        weight -= weigh(oldValue)
      }
    },
    get size() {
      return entries.size
    },
  }
}
