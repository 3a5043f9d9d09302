import { resolve } from 'node:path'
import t from 'tap'
import { ConfigError, readConfig } from '../../src/config/config.ts'
import { deriveMasterKey, masterKeyCheck } from '../../src/config/master-key.ts'

t.test('nothing set is a service on this machine with a database of its own', async (t) => {
  const { limits, ...config } = readConfig({})
  t.match(config, {
    host: '127.0.0.1',
    port: 3000,
    databaseUrl: undefined,
    appDatabaseUrl: undefined,
    dataDir: resolve('data'),
    masterKey: undefined,
    operatorKey: undefined,
    rateLimit: 1000,
    logLevel: 'info',
  })
  t.equal(limits.documentCodesMax, 30_000)
  t.same(readConfig({ PORT: '', DATABASE_URL: '', MASTER_KEY: '' }), readConfig({}), 'empty means not set')
  t.throws(() => Object.assign(readConfig({}), { port: 1 }), 'it cannot be changed')
})

t.test('what is set is taken', async (t) => {
  const config = readConfig({
    HOST: '::',
    PORT: '0',
    DATABASE_URL: 'postgres://a:b%40c@db.example:5433/tamga?sslmode=require',
    APP_DATABASE_URL: 'postgresql:///tamga?host=/var/run/postgresql',
    DATA_DIR: '/srv/tamga',
    MASTER_KEY: 'm'.repeat(32),
    OPERATOR_KEY: `${' ~'.repeat(100)}`,
    RATE_LIMIT: '0',
    LOG_LEVEL: 'silent',
    BEACON: 'https://api.drand.sh/52db9ba7/',
    TRUSTED_PROXIES: '10.0.0.7, 10.1.0.0/16,fd00::/8',
  })
  t.same(config.trustedProxies, ['10.0.0.7', '10.1.0.0/16', 'fd00::/8'])
  t.equal(config.beacon, 'https://api.drand.sh/52db9ba7')
  t.match(config, { host: '::', port: 0, dataDir: '/srv/tamga', rateLimit: 0, logLevel: 'silent' })
  t.equal(config.operatorKey?.length, 200)
})

// A setting per line: what is wrong with it, and a word that the sentence must have.
const wrong: [setting: string, value: string, says: RegExp][] = [
  ['PORT', '65536', /0 to 65535/],
  ['PORT', '-1', /whole number/],
  ['PORT', '3000x', /"3000x"/],
  ['PORT', '1e3', /whole number/],
  ['RATE_LIMIT', '10.5', /whole number/],
  ['LOG_LEVEL', 'loud', /fatal, error/],
  ['MASTER_KEY', 'short', /32 to 200/],
  ['OPERATOR_KEY', 'x'.repeat(201), /32 to 200/],
  ['OPERATOR_KEY', `${'x'.repeat(40)}é`, /ASCII/],
  ['OPERATOR_KEY', `${'x'.repeat(40)}\n`, /ASCII/],
  ['MASTER_KEY', ' '.repeat(40), /32 to 200/],
  ['OPERATOR_KEY', ` ${'x'.repeat(31)} `, /32 to 200/],
  ['APP_DATABASE_URL', 'db.example', /postgres:\/\//],
  ['ISSUING_STATE', '44', /one digit or upper-case letter/],
  ['LOG_ORIGIN', 'https://tamga.example.kg', /without its scheme/],
  ['LOG_ORIGIN', 'tamga+logs', /without its scheme/],
  ['WITNESSES', 'https://witness.example', /verifier key/],
  ['WITNESSES', 'witness.example witness.example+01234567+AQID', /address of a witness/],
  ['BEACON', 'api.drand.sh', /drand chain/],
  ['BEACON', 'https://api.drand.sh/?chain=1', /drand chain/],
  ['TRUSTED_PROXIES', 'proxy.example', /addresses or networks/],
  ['TRUSTED_PROXIES', '10.0.0.0/33', /addresses or networks/],
  ['TRUSTED_PROXIES', '10.0.0.7, 0.0.0.0/0', /addresses or networks/],
  ['DATABASE_URL', 'mysql://localhost/x', /postgres:\/\//],
  ['DATABASE_URL', 'localhost:5432', /postgres:\/\//],
  ['HOST', 'two words', /host name/],
]
for (const [setting, value, says] of wrong) {
  t.test(`${setting}=${JSON.stringify(value).slice(0, 30)} is refused with a sentence`, async (t) => {
    try {
      readConfig({ [setting]: value })
      t.fail('was accepted')
    } catch (error) {
      t.ok(error instanceof ConfigError)
      t.match(String(error), says)
      t.match(String(error), setting)
    }
  })
}

t.test('all that is wrong is said at once, and no secret with it', async (t) => {
  const secret = 'postgresq://tamga:hunter2@db/x'
  t.throws(() => readConfig({ PORT: 'a', DATABASE_URL: secret }), /PORT .*\n.*DATABASE_URL /)
  try {
    readConfig({ DATABASE_URL: secret })
    t.fail('was accepted')
  } catch (error) {
    t.notMatch(String(error), /hunter2/)
  }
  t.throws(() => readConfig({ APP_DATABASE_URL: 'postgres://a@b/c' }), /needs DATABASE_URL/)
})

t.test('a master key is 32 bytes, the same for the same text', async (t) => {
  const key = deriveMasterKey('correct horse battery staple and more')
  t.equal(key.length, 32)
  t.same(key, deriveMasterKey('correct horse battery staple and more\n'), 'a file may end in a line feed')
  t.notSame(key, deriveMasterKey('correct horse battery staple and mors'))
  t.notSame(masterKeyCheck(key), key, 'the check gives nothing away')
})
