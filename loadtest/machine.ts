// Prints when, on what and beside how much other work the figures below it were measured: without that they mean nothing.
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

const load = loadavg()
  .map((value) => value.toFixed(1))
  .join(', ')
process.stdout.write(
  `${new Date().toISOString().slice(0, 16)}Z, Node ${process.versions.node}, ${process.platform} ${process.arch}\n` +
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB\n` +
    `load over 1, 5 and 15 minutes before the first figure: ${load}\n\n`,
)
