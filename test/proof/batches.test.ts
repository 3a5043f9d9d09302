// Which entries are judged together when a log is replayed.
import t from 'tap'
import { cutBatch } from '../../src/proof/replay/batches.ts'

/** `.` plain, `L` late, `s` settles, `u` undoes; a number is a head behind so many entries. */
const table: [entries: string, heads: number[], count: number][] = [
  ['......', [2, 4, 6], 6],
  ['..u...', [2, 6], 2],
  ['u.....', [6], 6],
  ['....L.', [2, 4, 6], 4],
  ['L.s...', [3, 6], 3],
  ['..Ls..', [4, 6], 4],
  ['.sss..', [4, 6], 4],
  ['...L', [3, 9], 3],
  ['L...', [9], 9],
  ['u..L..', [3, 6], 3],
  ['..u.L.', [4, 6], 2],
  // Heads were thinned.
  ['L.s...', [9_000], 1],
  ['Lss.L.', [9_000], 3],
  ['..Ls..', [9_000], 2],
  ['.sss..', [9_000], 4],
  ['..sss.', [9_000], 1],
  ['L', [], 1],
  ['', [], 0],
]

t.test('batches', async (t) => {
  for (const [entries, heads, count] of table) {
    const marks = [...entries].map((mark) => ({
      late: mark === 'L' || mark === 's',
      settles: mark === 's',
      undoes: mark === 'u',
    }))
    t.equal(cutBatch(marks, heads), count, `${entries} ${heads.join(' ')}`)
  }
})
