import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { operatorKey } from '../support/app.ts'
import * as given from '../support/given.ts'
import { listening, play } from './world.ts'
import { programCommand, repository } from '../support/repository.ts'

const nobody = 'http://127.0.0.1:1'

t.test('what goes wrong is a sentence that says what to do', async (t) => {
  const app = await listening(t)
  const { url } = app
  const folder = await mkdtemp(join(tmpdir(), 'tamga-demo-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const text = async (name: string, content: string) => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const { key: otherKey } = await given.participant(app, { roles: ['producer'] })
  const key = ['--url', url, '--key', operatorKey]
  const empty = { DATA_DIR: folder }
  const cases: [string, string[], Record<string, string>, RegExp][] = [
    [
      'nobody there',
      ['--url', nobody, '--key', 'k'],
      {},
      /Nobody answers at http:\/\/127\.0\.0\.1:1\. Start .*npm start/,
    ],
    ['no key', ['--url', url], empty, /There is no operator's key at .*operator\.key\. .*--key/],
    ['unknown key', ['--url', url, '--key', 'x'.repeat(40)], {}, /does not know this key/],
    ["somebody else's key", ['--url', url, '--key', otherKey], {}, /not the operator's key/],
    ['a bad address', ['--url', 'localhost:3000'], {}, /--url must look like/],
    ['a bad number', [...key, '--bottles', '1'], {}, /--bottles must be a whole number/],
    ['an unknown option', ['--fast'], {}, /--fast[\s\S]*npm run demo --/],
    ['no file', [...key, '--epcis', join(folder, 'nothing.json')], {}, /There is no file .*nothing\.json/],
    ['a folder', [...key, '--epcis', folder], {}, /is a folder/],
    ['no JSON', [...key, '--epcis', await text('a.json', '<epcis/>')], {}, /a\.json is not JSON/],
    ['no events', [...key, '--epcis', await text('b.json', '{"type":"Receipt"}')], {}, /b\.json is no EPCIS 2\.0 JSON/],
    ['an empty list', [...key, '--epcis', await text('c.json', '[]')], {}, /holds no events/],
  ]
  for (const [what, args, env, says] of cases) {
    const { status, err } = await play(args, env)
    t.equal(status, 1, what)
    t.match(err, says, what)
    t.notMatch(err, /\n {4}at /, 'a sentence, not a stack')
  }
})

t.test('the key is looked for where the service left it', async (t) => {
  const { url } = await listening(t)
  const folder = await mkdtemp(join(tmpdir(), 'tamga-demo-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'data'))
  await writeFile(join(folder, 'data', 'operator.key'), `${operatorKey}\n`)
  const missing = ['--url', url, '--epcis', join(folder, 'nothing.json')]
  t.match((await play(missing, { DATA_DIR: join(folder, 'data') })).err, /There is no file/, 'under DATA_DIR')
  t.match((await play(missing, { OPERATOR_KEY: operatorKey })).err, /There is no file/, 'in OPERATOR_KEY')
})

t.test('as a program: exit status and streams', async (t) => {
  const run = async (...args: string[]) => {
    const [program, ...before] = programCommand('src/demo/demo.ts')
    const child = spawn(program, [...before, ...args], {
      cwd: repository,
      env: { PATH: process.env['PATH'] ?? '' },
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    const [status]: unknown[] = await once(child, 'close')
    return { status, out, err }
  }
  t.match(await run('--url', nobody), { status: 1, out: '', err: /^Nobody answers/ })
  t.match(await run('--help'), { status: 0, out: /--epcis FILE/, err: '' })
})
