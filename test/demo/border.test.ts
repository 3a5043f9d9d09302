import t from 'tap'
import { listening } from './world.ts'

t.test('a day at the border, with few bottles', async (t) => {
  const { play } = await listening(t)
  const played = await play('--border', '--bottles', '24')
  t.equal(played.err, '')
  t.equal(played.status, 0)
  const lines: [what: string, row: RegExp][] = [
    ['honest', /an honest load +pass +green +released/],
    ['in litres of alcohol', /an honest load, in litres of alcohol +pass +green +released/],
    ['one short', /one bottle more declared than there is +\w+ +yellow +control +P10/],
    ['one over', /one bottle more on the lorry than declared +open +red +control +P10/],
    ['another origin', /declared as made in Kazakhstan +open +red +control +P08/],
    ['another heading', /declared as mineral water +open +red +control +P09/],
    ['written off', /bottles that were written off +open +red +control +P02/],
    ['forged', /a printed label among the real ones +open +red +control +P01/],
    ['unmarked', /vodka without any marks +hold +red +hold +MARK/],
    ['not by its declarant', /releases its own lorry:\n +403 role_missing/],
    ['not without a look', /releases it without a look:\n +409 check_outstanding/],
    ['no way down', /lowers its lane:\n +422 not_possible/],
    ['a drawn unit left out', /inspects, but for one of them:\n +409 check_outstanding/],
    ['not by its inspector', /releases what he inspected:\n +409 second_person_needed/],
    ['its proofs', /VERIFIED/],
  ]
  for (const [what, row] of lines) t.match(played.out, row, what)
  t.notMatch(played.out, /undefined|NaN|\[object/)
})
