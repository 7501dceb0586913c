import { expect, test } from 'vitest'
import { codeOf, namesIn, stampOf, tempOf, textOf, type OpenWorld } from './sync-disk-world.ts'

/** What changes the disk: each either does all that it says or nothing, and never displaces what it was not told of. */
export function diskChangeContract(world: OpenWorld): void {
  placeContract(world)
  replaceContract(world)
  moveContract(world)
  discardContract(world)
}

function placeContract(world: OpenWorld): void {
  test('placeNew gives the file its name, bytes and time; no temporary name is ever listed', async () => {
    const { disk, user } = world()
    const temp = await tempOf(disk, 'hello', '1700000000000000000')
    expect(await namesIn(disk, '')).toEqual([])
    const entry = await disk.placeNew(temp, 'f')
    expect(await user.read('f')).toBe('hello')
    expect(entry).toEqual(await disk.stat('f'))
    expect(entry.stamp.mtimeNs).toBe('1700000000000000000')
    expect(await namesIn(disk, '')).toEqual(['f'])
  })

  test('placeNew never goes over anything; the finished file can be placed elsewhere', async () => {
    const { disk, user } = world()
    await user.write('f', 'mine')
    await user.makeFolder('d')
    const temp = await tempOf(disk, 'theirs')
    expect(await codeOf(disk.placeNew(temp, 'f'))).toBe('EEXIST')
    expect(await codeOf(disk.placeNew(temp, 'd'))).toBe('EEXIST')
    expect(await codeOf(disk.placeNew(temp, 'no/f'))).toBe('ENOENT')
    await disk.placeNew(temp, 'd/f')
    expect([await user.read('f'), await user.read('d/f')]).toEqual(['mine', 'theirs'])
  })

  test('many at once: each is placed, or fails, on its own', async () => {
    const { disk, user } = world()
    await user.write('n7', 'mine')
    const placed = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => codeOf(disk.placeNew(await tempOf(disk, `t${i}`), `n${i}`))),
    )
    expect(placed.map((code, i) => `${i} ${code}`).filter((line) => !line.endsWith('no error'))).toEqual(['7 EEXIST'])
    expect(await user.read('n49')).toBe('t49')
    expect(await user.read('n7')).toBe('mine')
  })

  test('a dropped file leaves nothing', async () => {
    const { disk } = world()
    const temp = await disk.createTemp()
    await temp.write(Buffer.from('x'))
    await temp.drop()
    const finished = await tempOf(disk, 'y')
    await finished.drop()
    expect(await codeOf(disk.placeNew(finished, 'f'))).toBe('EINVAL')
    expect(await namesIn(disk, '')).toEqual([])
  })

  test('makeFolder and makeSymlink never go over anything', async () => {
    const { disk, user } = world()
    await user.write('f', 'mine')
    expect((await disk.makeFolder('d')).kind).toBe('folder')
    expect((await disk.makeSymlink('l', '../far')).kind).toBe('symlink')
    expect(await disk.readLink('l')).toBe('../far')
    for (const path of ['f', 'd', 'l']) {
      expect(await codeOf(disk.makeFolder(path))).toBe('EEXIST')
      expect(await codeOf(disk.makeSymlink(path, 'x'))).toBe('EEXIST')
    }
    expect(await codeOf(disk.makeFolder('no/d'))).toBe('ENOENT')
  })

  test('PM-01: the executable bit is set and taken away', async () => {
    const { disk, user } = world()
    await user.write('f', 'x')
    expect((await disk.setExecutable('f', true)).executable).toBe(true)
    expect((await disk.stat('f'))?.executable).toBe(true)
    expect((await disk.setExecutable('f', false)).executable).toBe(false)
  })
}

function replaceContract(world: OpenWorld): void {
  test('EE-05: replace puts the new bytes in place and keeps the old ones', async () => {
    const { disk, user } = world()
    await user.write('f', 'old')
    const expected = await stampOf(disk, 'f')
    const { placed, displaced, kept } = await disk.replace(await tempOf(disk, 'new'), 'f', expected)
    expect(await user.read('f')).toBe('new')
    expect(placed).toEqual(await disk.stat('f'))
    expect({ ...displaced, ctimeNs: '' }).toEqual({ ...expected, ctimeNs: '' })
    expect(await namesIn(disk, '')).toEqual(['f'])
    await disk.move(kept, 'again', null)
    expect(await user.read('again')).toBe('old')
  })

  test('EE-05, EE-04: replace of what has changed since is refused, and nothing is lost', async () => {
    const { disk, user } = world()
    await user.write('f', 'old')
    const expected = await stampOf(disk, 'f')
    await user.write('f', 'edited')
    const temp = await tempOf(disk, 'new')
    expect(await codeOf(disk.replace(temp, 'f', expected))).toBe('EEXIST')
    expect(await user.read('f')).toBe('edited')
    await user.remove('f')
    expect(await codeOf(disk.replace(temp, 'f', expected))).toBe('ENOENT')
    await user.makeFolder('f')
    expect(await codeOf(disk.replace(temp, 'f', await stampOf(disk, 'f')))).toBe('EEXIST')
    await disk.placeNew(temp, 'g')
    expect(await user.read('g')).toBe('new')
  })

  test('LK-08: the other name of a hard link keeps the old bytes', async () => {
    const { disk, user } = world()
    await user.write('f', 'old')
    await user.link('f', 'g')
    await disk.replace(await tempOf(disk, 'new'), 'f', await stampOf(disk, 'f'))
    expect([await user.read('f'), await user.read('g')]).toEqual(['new', 'old'])
  })
}

function moveContract(world: OpenWorld): void {
  test('move keeps what a thing is, and a folder with all that is in it', async () => {
    const { disk, user } = world()
    await user.makeFolder('d')
    await user.makeFolder('e')
    await user.write('d/f', 'x')
    const { ino, mtimeNs } = await stampOf(disk, 'd/f')
    await disk.move('d', 'e/d2', await stampOf(disk, 'd'))
    await disk.move('e/d2/f', 'f', await stampOf(disk, 'e/d2/f'))
    expect(await stampOf(disk, 'f')).toMatchObject({ ino, mtimeNs })
    expect(await namesIn(disk, 'e')).toEqual(['d2'])
    expect(await namesIn(disk, '')).toEqual(['e', 'f'])
  })

  test('move never goes over anything, not even an empty folder', async () => {
    const { disk, user } = world()
    for (const folder of ['d', 'empty']) await user.makeFolder(folder)
    await user.write('f', 'f')
    await user.write('g', 'g')
    for (const from of ['d', 'f']) {
      for (const to of ['empty', 'g']) expect(await codeOf(disk.move(from, to, null)), `${from} ${to}`).toBe('EEXIST')
    }
    expect(await codeOf(disk.move('no', 'new', null))).toBe('ENOENT')
    expect(await codeOf(disk.move('f', 'no/new', null))).toBe('ENOENT')
    expect(await namesIn(disk, '')).toEqual(['d', 'empty', 'f', 'g'])
    expect([await user.read('f'), await user.read('g')]).toEqual(['f', 'g'])
  })

  test('move of what has changed since is refused; a folder may have changed inside', async () => {
    const { disk, user } = world()
    await user.write('f', 'one')
    await user.makeFolder('d')
    const [file, folder] = [await stampOf(disk, 'f'), await stampOf(disk, 'd')]
    await user.write('f', 'three')
    await user.write('d/new', 'x')
    expect(await codeOf(disk.move('f', 'g', file))).toBe('version-conflict')
    expect((await disk.move('d', 'e', folder)).name).toBe('e')
    expect(await user.read('f')).toBe('three')
  })
}

function discardContract(world: OpenWorld): void {
  test('discard takes away the expected file, and no other', async () => {
    const { disk, user } = world()
    await user.write('f', 'one')
    const expected = await stampOf(disk, 'f')
    await user.write('f', 'three')
    expect(await codeOf(disk.discard('f', expected))).toBe('version-conflict')
    expect(await user.read('f')).toBe('three')
    await disk.discard('f', await stampOf(disk, 'f'))
    expect(await disk.stat('f')).toBeNull()
    expect(await codeOf(disk.discard('f', null))).toBe('ENOENT')
  })

  test('FD-01: discard of a folder takes it only when it is empty', async () => {
    const { disk, user } = world()
    await user.makeFolder('d')
    await user.write('d/new', 'x')
    expect(await codeOf(disk.discard('d', null))).toBe('ENOTEMPTY')
    expect(await textOf(disk.read('d/new'))).toBe('x')
    await user.remove('d/new')
    await disk.discard('d', null)
    expect(await namesIn(disk, '')).toEqual([])
  })

  test('I25: tidy leaves what is in the folder and what is being written', async () => {
    const { disk, user } = world()
    await user.write('f', 'x')
    const temp = await tempOf(disk, 'half')
    await disk.tidy()
    await disk.placeNew(temp, 'g')
    expect(await namesIn(disk, '')).toEqual(['f', 'g'])
  })
}
