import { mkdtemp, readFile, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importJWK, jwtVerify, SignJWT } from 'jose'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { loadSecrets, makeSecrets } from './secrets.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bitvault-secrets-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
})

test('they are made once, and then the same for ever', async () => {
  const first = await loadSecrets(dir)
  expect(await loadSecrets(dir)).toEqual(first)
  expect(await readdir(dir)).toEqual(['secrets.json'])
})

test.skipIf(process.platform === 'win32')('T23 nobody else may read them', async () => {
  await loadSecrets(dir)
  expect((await stat(join(dir, 'secrets.json'))).mode & 0o777).toBe(0o600)
})

test('two installations share nothing', () => {
  const values = [makeSecrets(), makeSecrets()].map((secrets) => new Set(JSON.stringify(secrets).match(/[\w-]{20,}/g)))
  expect(values[0]!.size).toBeGreaterThan(7)
  expect([...values[0]!].filter((value) => values[1]!.has(value))).toEqual([])
})

test('the signing key signs EdDSA tokens', async () => {
  const [key] = makeSecrets().signingKeys
  const { d: _private, ...publicKey } = key!
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA' }).sign(await importJWK(key!))
  await expect(jwtVerify(token, await importJWK(publicKey))).resolves.toBeDefined()
})

test('a damaged file is refused, never replaced, and not quoted', async () => {
  const { ownerPassword } = await loadSecrets(dir)
  const file = join(dir, 'secrets.json')
  await truncate(file, 100)
  const before = await readFile(file, 'utf8')
  const failure = await loadSecrets(dir).catch((error: Error) => error)
  expect(String(failure)).toContain('secrets.json is damaged')
  expect(String(failure)).not.toContain(ownerPassword.slice(0, 10))
  expect(await readFile(file, 'utf8')).toBe(before)
})
