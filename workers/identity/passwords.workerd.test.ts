import { expect, test } from 'vitest'
import { hashPassword, SALT_BYTES, verifyPassword } from './passwords.ts'
import { sealFor, SEAL_NONCE_BYTES, unsealWith } from './secrets.ts'

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))

test('workerd: scrypt with 32 MiB hashes and verifies; nothing stored is never right', async () => {
  const stored = await hashPassword('correct horse battery', random(SALT_BYTES))
  expect(stored).toMatch(/^scrypt\$15\$8\$3\$/)
  expect(await verifyPassword('correct horse battery', stored)).toBe(true)
  expect(await verifyPassword('correct horse batterz', stored)).toBe(false)
  expect(await verifyPassword('', stored)).toBe(false)
  expect(await verifyPassword('correct horse battery', null)).toBe(false)
})

test('workerd: a hash made by Node is right here', async () => {
  const salt = new TextEncoder().encode('saltsaltsaltsalt')
  const hash = Buffer.from('feac664e2d18f815b93f63725a27d9611580d1268e78b17f8f137bc424438e55', 'hex')
  const stored = `scrypt$15$8$3$${Buffer.from(salt).toString('base64url')}$${hash.toString('base64url')}`
  expect(await verifyPassword('pa\u0308ssword', stored)).toBe(true)
})

test('workerd: a sealed successor opens for its token only', async () => {
  const sealed = await sealFor('bvr_old', 'bvr_new', random(SEAL_NONCE_BYTES))
  expect(await unsealWith('bvr_old', sealed)).toBe('bvr_new')
  await expect(unsealWith('bvr_other', sealed)).rejects.toThrow()
})
