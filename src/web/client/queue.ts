// Scans that are not answered yet, kept in this browser: they outlive the page, the battery and the network. Each is sent until it is
// answered, in the order in which it was scanned; its own id makes sure that it is recorded once however often it arrives.

export type Scan = {
  eventID: string
  codes: string[]
  step: string
  time: string
  place?: string
  to?: string
  carrier?: string
  document?: string
  parent?: string
  /** Set once it had to wait for the network: it has happened, whatever the ledger says of it. */
  offline?: true
}
export type Kept = { no?: number; key: string; scan: Scan }

const store = 'scans'
/** Who scans on this device, for the time without a network; forgotten at sign-out. */
const whoStore = 'who'
export type Who = { key: string; steps: string[] }

function request<Value>(made: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    made.onsuccess = () => resolve(made.result)
    made.onerror = () => reject(made.error ?? new Error('IndexedDB'))
  })
}

let opened: Promise<IDBDatabase> | undefined

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open('tamga', 2)
    opening.onupgradeneeded = () => {
      const found = opening.result.objectStoreNames
      if (!found.contains(store)) opening.result.createObjectStore(store, { keyPath: 'no', autoIncrement: true })
      if (!found.contains(whoStore)) opening.result.createObjectStore(whoStore)
    }
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error ?? new Error('IndexedDB'))
  })
  return opened
}

/** Resolves once it is on the disk of the device. */
export async function keep(kept: Kept): Promise<number> {
  const transaction = (await database()).transaction(store, 'readwrite', { durability: 'strict' })
  const no = await request(transaction.objectStore(store).add(kept))
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onerror = () => reject(transaction.error ?? new Error('IndexedDB'))
    transaction.onabort = transaction.onerror
  })
  return Number(no)
}

/** What this key scanned and nobody answered, oldest first. Another's scans wait until he signs in again. */
export async function waiting(key: string): Promise<Kept[]> {
  const found: unknown[] = await request((await database()).transaction(store).objectStore(store).getAll())
  return (found as Kept[]).filter((kept) => kept.key === key)
}

export async function replace(kept: Kept): Promise<void> {
  await request((await database()).transaction(store, 'readwrite').objectStore(store).put(kept))
}

export async function forget(no: number): Promise<void> {
  await request((await database()).transaction(store, 'readwrite').objectStore(store).delete(no))
}

export async function remember(who: Who): Promise<void> {
  await request((await database()).transaction(whoStore, 'readwrite').objectStore(whoStore).put(who, 'who'))
}

export async function whoScans(): Promise<Who | undefined> {
  const found: unknown = await request((await database()).transaction(whoStore).objectStore(whoStore).get('who'))
  return found as Who | undefined
}

export async function forgetWho(): Promise<void> {
  await request((await database()).transaction(whoStore, 'readwrite').objectStore(whoStore).clear())
}
