import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WalkEntry } from '../transfer/plan.ts'
import { walk, type WalkRoot } from './walk.ts'

let dir: string
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'bitvault-walk-'))))
afterEach(() => rm(dir, { recursive: true, force: true }))

async function found(...roots: WalkRoot[]): Promise<WalkEntry[]> {
  const entries: WalkEntry[] = []
  for await (const entry of walk(roots)) entries.push(entry)
  return entries
}
const line = (entry: WalkEntry): string =>
  entry.kind === 'skipped'
    ? `skipped ${entry.path.slice(dir.length + 1)}: ${entry.reason}`
    : `${entry.kind} ${entry.parts.join('/')}${entry.kind === 'symlink' ? ` -> ${entry.target}` : ''}`

describe('TF-1 the walk', () => {
  test('gives folders before what is in them, and facts about files', async () => {
    await mkdir(join(dir, 'a', 'b'), { recursive: true })
    await writeFile(join(dir, 'a', 'b', 'tool'), '12345')
    await chmod(join(dir, 'a', 'b', 'tool'), 0o755)
    const entries = await found({ path: join(dir, 'a') })
    expect(entries.map(line)).toEqual(['folder a', 'folder a/b', 'file a/b/tool'])
    expect(entries[2]).toMatchObject({ sizeBytes: 5, executable: true, mtimeNs: expect.stringMatching(/^\d{19}$/) })
  })

  test('a root may get another name, or give its contents only', async () => {
    await mkdir(join(dir, 'a'))
    await writeFile(join(dir, 'a', 'x'), '')
    expect((await found({ path: join(dir, 'a'), as: 'z' })).map(line)).toEqual(['folder z', 'file z/x'])
    expect((await found({ path: join(dir, 'a'), as: null })).map(line)).toEqual(['file x'])
    expect((await found({ path: join(dir, 'a', 'x'), as: 'y' })).map(line)).toEqual(['file y'])
  })

  test('follows no link, and says why it leaves something out: pipes, names, what is not there', async () => {
    const root = join(dir, 'root')
    await mkdir(root)
    await writeFile(join(root, 'fine'), '')
    await symlink('/etc/passwd', join(root, 'link'))
    await symlink('.', join(root, 'loop'))
    execFileSync('mkfifo', [join(root, 'pipe')])
    await writeFile(join(root, 'line\nbreak'), '')
    await writeFile(Buffer.concat([Buffer.from(join(root, 'latin-')), Buffer.of(0xe9)]), '')
    const lines = (await found({ path: root, as: null }, { path: join(dir, 'nothing') })).map(line)
    expect(lines.toSorted()).toEqual(
      [
        'file fine',
        'symlink link -> /etc/passwd',
        'symlink loop -> .',
        'skipped root/pipe: special-file',
        'skipped root/line\nbreak: name-refused',
        'skipped root/latin-\uFFFD: name-refused',
        'skipped nothing: vanished',
      ].toSorted(),
    )
  })

  test.skipIf(process.getuid?.() === 0)('a folder that may not be read is reported, the others go on', async () => {
    await mkdir(join(dir, 'shut'))
    await writeFile(join(dir, 'open'), '')
    await chmod(join(dir, 'shut'), 0)
    expect((await found({ path: dir, as: null })).map(line).toSorted()).toEqual([
      'file open',
      'skipped shut: unreadable',
    ])
    await chmod(join(dir, 'shut'), 0o755)
  })

  test('every file of a wide and deep tree comes once', async () => {
    let deep = join(dir, 't')
    for (let depth = 0; depth < 60; depth++) deep = join(deep, 'd')
    await mkdir(deep, { recursive: true })
    for (let i = 0; i < 300; i++) await writeFile(join(dir, 't', `f${i}`), '')
    await writeFile(join(deep, 'last'), '')
    const files = (await found({ path: join(dir, 't') })).filter(({ kind }) => kind === 'file').map(line)
    expect(new Set(files).size).toBe(301)
    expect(files.length).toBe(301)
  })
})
