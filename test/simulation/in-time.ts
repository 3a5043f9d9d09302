// Nothing in a simulation is waited for without end: what does not come is a finding of its own, and says what was waited for.

/** What does not serve, answer or end again within this is given up. */
export const patienceMs = 60_000

/** @throws Error naming what was waited for, once patience is over */
export async function inTime<T>(what: Promise<T>, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${patienceMs} ms: ${name}`)), patienceMs)
  })
  try {
    return await Promise.race([what, late])
  } finally {
    clearTimeout(timer)
  }
}
