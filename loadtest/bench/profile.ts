import type { Profiler } from 'node:inspector'

/** The share of the time at work that a CPU profile gives to the tree: hashing leaves and nodes, keeping the edge. */
export function hashingShare({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): number {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const inTree = new Set<number>()
  const mark = (id: number): void => {
    inTree.add(id)
    for (const child of byId.get(id)?.children ?? []) mark(child)
  }
  for (const { id, callFrame } of nodes) if (callFrame.url.includes('/src/ledger/merkle.')) mark(id)
  let busy = 0
  let hashing = 0
  samples.forEach((id, i) => {
    if (byId.get(id)?.callFrame.functionName === '(idle)') return
    const took = timeDeltas[i] ?? 0
    busy += took
    if (inTree.has(id)) hashing += took
  })
  return busy === 0 ? 0 : hashing / busy
}
