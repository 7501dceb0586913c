import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from './make-folder.ts'

test('a folder and those above it are made; one that is there is kept', async () => {
  const base = await mkdtemp(join(tmpdir(), 'bitvault-folder-'))
  onTestFinished(() => rm(base, { recursive: true }))
  await makeFolder(join(base, 'a', 'b', 'c'), 0o711)
  await makeFolder(join(base, 'a', 'b', 'c'), 0o711)
  expect((await stat(join(base, 'a', 'b', 'c'))).isDirectory()).toBe(true)
})

test.runIf(process.platform === 'linux')(
  'where nothing can be made it ends with an error instead of never',
  async () => {
    await expect(makeFolder('/proc/bitvault/data', 0o711)).rejects.toMatchObject({ code: 'ENOENT' })
  },
)
