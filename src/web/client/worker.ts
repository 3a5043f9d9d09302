// Opens the scanner where there is no network. It keeps the pages' own files and one empty scanner that names nobody; what the
// interface answers is never kept, and a sign-out takes everything away but the scans that were not sent.
import { forgetWho } from './queue.ts'

/** Put here by the bundler: every script and the stylesheet, whose names hold a digest of what is in them. */
declare const ownFiles: string[]
/** Changes whenever one of them does. */
declare const version: string
declare const clients: { claim(): Promise<void> }
declare const skipWaiting: () => Promise<void>

type Work = Event & { waitUntil(work: Promise<unknown>): void }
type Asked = Work & { request: Request; respondWith(answer: Promise<Response>): void }

const cacheName = `tamga-scanner-${version}`
const shell = '/app/scanner/shell'

addEventListener('install', (event) => {
  ;(event as Work).waitUntil(install())
})
addEventListener('activate', (event) => {
  ;(event as Work).waitUntil(takeOver())
})
addEventListener('message', (event) => {
  const { data, source } = event as MessageEvent<unknown>
  // The scanner was opened while there was a network: in this language it shall open without one.
  if (typeof data !== 'string') return
  ;(event as MessageEvent & Work).waitUntil(keepShell(data).then((kept) => kept && source?.postMessage('kept')))
})
addEventListener('fetch', (event) => {
  const asked = event as Asked
  const { request } = asked
  const { pathname, origin } = new URL(request.url)
  if (origin !== location.origin) return
  if (request.method === 'POST' && pathname === '/app/sign-out') asked.waitUntil(leave())
  if (request.method !== 'GET') return
  if (ownFiles.includes(pathname)) asked.respondWith(ownFile(request))
  else if (request.mode === 'navigate' && pathname === '/app/scanner') asked.respondWith(scanner(request))
})

async function install(): Promise<void> {
  await (await caches.open(cacheName)).addAll(ownFiles)
  await skipWaiting()
}

async function takeOver(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(
    names.filter((name) => name.startsWith('tamga-scanner-') && name !== cacheName).map((name) => caches.delete(name)),
  )
  await clients.claim()
}

/** Sign-outs since this worker was started: what was begun before one must not be kept after it. */
let leavings = 0

async function keepShell(language: string): Promise<boolean> {
  const before = leavings
  const answer = await fetch(`${shell}?lang=${encodeURIComponent(language)}`, { credentials: 'omit' })
  if (!answer.ok) return false
  const cache = await caches.open(cacheName)
  // What a sign-out took away is there again for who signed in since.
  if (!(await cache.match(ownFiles[0] ?? ''))) await cache.addAll(ownFiles)
  await cache.put(shell, answer)
  if (before !== leavings) await caches.delete(cacheName)
  return before === leavings
}

async function ownFile(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request)
}

/** From the service while it answers, whatever it says; only where nothing answers, the one that was kept. */
async function scanner(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    const kept = await caches.match(shell)
    if (kept) return kept
    throw error
  }
}

async function leave(): Promise<void> {
  leavings++
  await Promise.all([caches.delete(cacheName), forgetWho()])
}
