import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runtimeFolder } from './runtime-folder.ts'

let dir: string
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'bv-run-'))))
afterEach(() => rm(dir, { recursive: true, force: true }))

const uid = process.getuid?.() ?? 0
const place = (over: { env?: Record<string, string>; uid?: number; temporary?: string } = {}) => ({
  env: {},
  uid,
  temporary: dir,
  ...over,
})
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

describe.skipIf(process.platform === 'win32')('SY-16 the folder of sockets', () => {
  test('is below XDG_RUNTIME_DIR, where that is a folder of this user', async () => {
    const folder = runtimeFolder(20, place({ env: { XDG_RUNTIME_DIR: dir } }))
    expect([folder, await modeOf(folder)]).toEqual([join(dir, 'bitvault'), 0o700])
  })

  test.each([
    ['none', undefined],
    ['one that is not there', '/nonexistent'],
    ['a relative one', 'run'],
  ])('with %s it is below the folder for temporary files', async (_, runtime) => {
    const env = runtime === undefined ? {} : { XDG_RUNTIME_DIR: runtime }
    const folder = runtimeFolder(20, place({ env }))
    expect([folder, await modeOf(folder)]).toEqual([join(dir, `bitvault-${uid}`), 0o700])
  })

  test('one that others can enter is closed', async () => {
    await mkdir(join(dir, `bitvault-${uid}`), { mode: 0o777 })
    await chmod(join(dir, `bitvault-${uid}`), 0o777)
    expect(await modeOf(runtimeFolder(20, place()))).toBe(0o700)
  })

  test('one that is somebody else’s, a file, or a link to elsewhere is refused', async () => {
    const other = uid + 1
    await mkdir(join(dir, `bitvault-${other}`))
    expect(() => runtimeFolder(20, place({ uid: other }))).toThrow('another user')
    await writeFile(join(dir, `bitvault-${other + 1}`), '')
    expect(() => runtimeFolder(20, place({ uid: other + 1 }))).toThrow(/EEXIST|no folder/)
    await mkdir(join(dir, 'elsewhere'))
    await symlink(join(dir, 'elsewhere'), join(dir, `bitvault-${other + 2}`))
    expect(() => runtimeFolder(20, place({ uid: other + 2 }))).toThrow('no folder')
  })

  test('a path that a socket could not have is not taken: 107 bytes on Linux, 103 elsewhere', () => {
    const long = join(dir, 'x'.repeat(90))
    const folder = runtimeFolder(21, place({ temporary: long }))
    expect(folder).toBe(`/tmp/bitvault-${uid}`)
    expect(Buffer.byteLength(join(folder, 'n'.repeat(21)))).toBeLessThanOrEqual(103)
  })
})
