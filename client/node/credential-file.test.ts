import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Credential } from '../credentials.ts'
import { openCredentialFile } from './credential-file.ts'
import { withFileLock } from './file-lock.ts'

let dir: string
beforeEach(async () => void (dir = join(await mkdtemp(join(tmpdir(), 'bitvault-config-')), 'bitvault')))
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

const token = (text: string): Credential => ({ kind: 'token', server: 'https://a.example', token: text })

describe('TF-12 the credential file', () => {
  test('is for its owner alone, and so is its folder', async () => {
    await openCredentialFile(dir).update('a', async () => token('one'))
    expect((await stat(join(dir, 'credentials.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect(await readdir(dir)).toEqual(['credentials.json'])
  })

  test('keeps servers side by side; the first is the default, and hands it on', async () => {
    const file = openCredentialFile(dir)
    expect(await file.read('a')).toBeNull()
    await file.update('a', async () => token('one'))
    await file.update('b', async () => token('two'))
    expect(await file.defaultProfile()).toBe('a')
    await file.setDefault('b')
    expect(await file.list()).toMatchObject([
      { profile: 'a', isDefault: false },
      { profile: 'b', isDefault: true },
    ])
    await file.update('b', async () => null)
    expect(await file.defaultProfile()).toBe('a')
    await expect(file.setDefault('b')).rejects.toMatchObject({ code: 'not-found' })
  })

  test('of 40 that change it at once, none overwrites another', async () => {
    await openCredentialFile(dir).update('n', async () => token('0'))
    const increment = () =>
      openCredentialFile(dir).update('n', async (present) =>
        token(String(Number(present?.kind === 'token' ? present.token : 0) + 1)),
      )
    await Promise.all(Array.from({ length: 40 }, increment))
    expect(await openCredentialFile(dir).read('n')).toEqual(token('40'))
  })

  test('a file that is none of ours is named, its text is not', async () => {
    await openCredentialFile(dir).update('a', async () => token('one'))
    await writeFile(join(dir, 'credentials.json'), '{"secret": "hunter2"')
    const error = await openCredentialFile(dir)
      .read('a')
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'internal', message: expect.stringContaining('credentials.json') })
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })

  test('a failed change leaves the old file', async () => {
    const file = openCredentialFile(dir)
    await file.update('a', async () => token('one'))
    await expect(file.update('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await file.read('a')).toEqual(token('one'))
  })
})

describe('TF-12 the lock', () => {
  test('of a process that died is taken over', async () => {
    const path = join(dir, 'x.lock')
    await withFileLock(path, async () => {})
    // No process has this id: it is above the largest that Linux gives.
    await writeFile(path, '4194305 00')
    expect(await withFileLock(path, async () => readFile(path, 'utf8'))).toMatch(new RegExp(`^${process.pid} `))
    expect(await readdir(dir)).toEqual([])
  })
})
