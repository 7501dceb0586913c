import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../client/sync/listing.ts'
import { diskChangeContract } from './sync-disk-changes.ts'
import { codeOf, namesIn, OUTSIDE_NAME, OUTSIDE_TEXT, stampOf, tempOf, textOf } from './sync-disk-world.ts'
import type { DiskWorld, OpenWorld } from './sync-disk-world.ts'

/** What every `Disk` holds to (client/sync/ports.ts), run on the real one and on the simulated one. */
export function syncDiskContract(name: string, open: () => Promise<DiskWorld>): void {
  describe(`${name}: sync disk contract`, () => {
    let world: DiskWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.close())
    markerContract(() => world)
    lookContract(() => world)
    readContract(() => world)
    insideContract(() => world)
    diskChangeContract(() => world)
  })
}

function markerContract(world: OpenWorld): void {
  test('I13: the marker is what was written last', async () => {
    const { disk } = world()
    await disk.writeMarker('root-2')
    expect(await disk.marker()).toEqual({ id: 'root-2' })
  })

  test('TM-01: the time of the file system never goes back, and is not before the time of a file written earlier', async () => {
    const { disk, user } = world()
    await user.write('a', '1')
    const [first, second] = [await disk.timeNs(), await disk.timeNs()]
    expect(second >= first).toBe(true)
    expect(first >= BigInt((await stampOf(disk, 'a')).ctimeNs)).toBe(true)
  })
}

function lookContract(world: OpenWorld): void {
  test('a listing holds everything but our own folder, with the same look as stat', async () => {
    const { disk, user } = world()
    await user.makeFolder('d')
    await user.write('d/f', 'four')
    await user.write('f', 'x')
    await user.symlink('l', 'd/f')
    expect(await namesIn(disk, '')).toEqual(['d', 'f', 'l'])
    const kinds = (await disk.list('')).map(({ name, kind }) => `${name} ${kind}`).sort()
    expect(kinds).toEqual(['d folder', 'f file', 'l symlink'])
    for (const entry of await disk.list('d')) expect(await disk.stat(`d/${entry.name}`)).toEqual(entry)
    expect((await disk.list('d'))[0]?.stamp.size).toBe(4)
    expect(await disk.readLink('l')).toBe('d/f')
  })

  test('NM-16: a folder of the person that is called like ours, deeper, is listed', async () => {
    const { disk, user } = world()
    await user.makeFolder('d')
    await user.makeFolder('d/.bitvault')
    expect(await namesIn(disk, 'd')).toEqual(['.bitvault'])
  })

  test('stat of nothing is null, also below nothing and below a file', async () => {
    const { disk, user } = world()
    await user.write('f', 'x')
    expect(await disk.stat('no')).toBeNull()
    expect(await disk.stat('no/way')).toBeNull()
    expect(await disk.stat('f/x')).toBeNull()
  })

  test('P8: a listing of what is no folder is an error, never an empty list', async () => {
    const { disk, user } = world()
    await user.write('f', 'x')
    expect(await codeOf(disk.list('no'))).toBe('ENOENT')
    expect(await codeOf(disk.list('f'))).toBe('ENOTDIR')
  })

  test('SY-28: of what has the digest that is expected only how much it is; of anything else, all of it', async () => {
    const { disk, user } = world()
    await user.makeFolder('d')
    await user.makeFolder('d/below')
    await user.write('d/f', 'four')
    const digest = digestOf(await disk.list('d'))
    const asked = { path: 'd', seen: null, digest }
    expect(await disk.listChanged(asked)).toEqual({ entries: 2, folders: 1 })
    expect(await disk.listChanged({ ...asked, digest: null })).toHaveLength(2)
    await user.write('d/f', 'five!')
    expect(await disk.listChanged(asked)).toHaveLength(2)
    expect(await codeOf(disk.listChanged({ ...asked, path: 'no' }))).toBe('ENOENT')
  })

  test('a write changes the stamp and keeps the inode; a rename keeps inode, size and mtime', async () => {
    const { disk, user } = world()
    await user.write('f', 'one')
    const first = await stampOf(disk, 'f')
    await user.write('f', 'three')
    const second = await stampOf(disk, 'f')
    expect(second.ino).toBe(first.ino)
    expect(second).not.toEqual(first)
    await user.rename('f', 'g')
    const { ino, size, mtimeNs } = await stampOf(disk, 'g')
    expect({ ino, size, mtimeNs }).toEqual({ ino: second.ino, size: second.size, mtimeNs: second.mtimeNs })
  })
}

function readContract(world: OpenWorld): void {
  test('WR-11: an empty file has no bytes, another all of its own', async () => {
    const { disk, user } = world()
    await user.write('empty', '')
    await user.write('f', 'y'.repeat(3_000_000))
    expect(await textOf(disk.read('empty'))).toBe('')
    expect(await textOf(disk.read('f'))).toBe('y'.repeat(3_000_000))
    expect(await codeOf(textOf(disk.read('no')))).toBe('ENOENT')
  })

  test('WR-01: a file that changes while it is read is busy, its bytes are not taken', async () => {
    const { disk, user } = world()
    await user.write('f', 'y'.repeat(3_000_000))
    const reading = async () => {
      let isFirst = true
      for await (const piece of disk.read('f')) {
        expect(piece.length).toBeGreaterThan(0)
        if (isFirst) await user.write('f', 'z'.repeat(3_000_000))
        isFirst = false
      }
    }
    expect(await codeOf(reading())).toBe('busy')
  })
}

function insideContract(world: OpenWorld): void {
  test('I12: paths that lead up, or nowhere, are refused', async () => {
    const { disk } = world()
    for (const path of ['..', '../x', 'a/../b', '/etc', 'a//b', './a', 'a/.', 'a\0b']) {
      expect(await codeOf(disk.list(path)), path).toBe('EINVAL')
      expect(await codeOf(textOf(disk.read(path))), path).toBe('EINVAL')
      expect(await codeOf(disk.makeFolder(path)), path).toBe('EINVAL')
    }
  })

  test('I12, LK-02: no call goes through a link out of the root', async () => {
    const { disk, user } = world()
    await user.symlink('out', user.outside.folder)
    await user.symlink('file', `${user.outside.folder}/${OUTSIDE_NAME}`)
    const through = `out/${OUTSIDE_NAME}`
    expect(await codeOf(disk.list('out'))).toBe('ENOTDIR')
    expect(await disk.stat(through)).toBeNull()
    expect(await codeOf(textOf(disk.read(through)))).toBe('ENOTDIR')
    expect(await codeOf(textOf(disk.read('file')))).not.toBe('no error')
    expect(await codeOf(disk.placeNew(await tempOf(disk, 'x'), 'out/new'))).toBe('ENOTDIR')
    expect(await codeOf(disk.placeNew(await tempOf(disk, 'x'), 'file'))).toBe('EEXIST')
    expect(await codeOf(disk.replace(await tempOf(disk, 'x'), 'file', await stampOf(disk, 'file')))).toBe('EEXIST')
    expect(await codeOf(disk.discard(through, null))).toBe('ENOTDIR')
    expect(await codeOf(disk.move(through, 'in', null))).toBe('ENOTDIR')
    expect(await codeOf(disk.setExecutable('file', true))).not.toBe('no error')
    expect(await user.outside.read()).toBe(OUTSIDE_TEXT)
  })

  test('LK-02: a link itself is moved and removed, its target stays', async () => {
    const { disk, user } = world()
    await user.symlink('l', `${user.outside.folder}/${OUTSIDE_NAME}`)
    await disk.move('l', 'm', await stampOf(disk, 'l'))
    expect(await disk.readLink('m')).toBe(`${user.outside.folder}/${OUTSIDE_NAME}`)
    await disk.discard('m', await stampOf(disk, 'm'))
    expect(await namesIn(disk, '')).toEqual([])
    expect(await user.outside.read()).toBe(OUTSIDE_TEXT)
  })
}
