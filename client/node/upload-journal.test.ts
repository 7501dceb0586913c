import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openUploadJournal } from './upload-journal.ts'

let folder: string
let now = 0
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'bitvault-journal-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (account = 'ann') => openUploadJournal({ folder, account, clock: () => now })
const file = (fileKey: string, index: number) => ({ fileKey, index, sha256: null })

describe('TF-6 the upload journal', () => {
  test('gives back after a restart what was open, and forgets what ended', () => {
    const journal = open()
    journal.begin({ uploadId: 'u1', expiresAt: 100, files: [file('k1', 0), file('k2', 1)] })
    journal.begin({ uploadId: 'u2', expiresAt: 100, files: [file('k3', 0)] })
    journal.addObjects('u1', [{ sha256: 'pack', chunks: ['c1', 'c2'] }])
    journal.end('u2')
    journal.close()
    const again = open()
    expect([again.find('k1'), again.find('k2'), again.find('k3')]).toEqual(['u1', 'u1', null])
    expect(again.load('u1')).toEqual({
      files: [file('k1', 0), file('k2', 1)],
      objects: [{ sha256: 'pack', chunks: ['c1', 'c2'] }],
    })
    again.close()
  })

  test('a file that is begun anew belongs to the newer upload', () => {
    const journal = open()
    journal.begin({ uploadId: 'u1', expiresAt: 100, files: [file('k1', 0)] })
    journal.begin({ uploadId: 'u2', expiresAt: 100, files: [file('k1', 3)] })
    expect(journal.find('k1')).toBe('u2')
    expect(journal.load('u1').files).toEqual([])
    journal.close()
  })

  test('accounts do not see each other; rows go a day after their end; others may not read it', async () => {
    const journal = open()
    journal.begin({ uploadId: 'u1', expiresAt: 100, files: [file('k1', 0)] })
    journal.close()
    const other = open('bob')
    expect(other.find('k1')).toBeNull()
    other.close()
    now = 100 + 24 * 3600 * 1000
    const same = open()
    expect(same.find('k1')).toBe('u1')
    same.close()
    now++
    const later = open()
    expect(later.find('k1')).toBeNull()
    later.close()
    expect((await stat(join(folder, 'uploads.sqlite'))).mode & 0o077).toBe(0)
  })
})
