import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeOf, namesIn, stampOf, tempOf, textOf } from '../../../../test/contract/sync-disk-world.ts'
import { nodeDiskWorld, type NodeDiskWorld } from '../../../../test/support/node-disk-world.ts'
import { openDisk } from './open-disk.ts'
import { NAME_BYTES } from './safety-trash.ts'

let world: NodeDiskWorld
beforeEach(async () => {
  world = await nodeDiskWorld()
})
afterEach(() => world.close())
const at = (path: string): string => join(world.root, path)
const modeOf = (path: string): number => lstatSync(at(path)).mode & 0o777

describe('the root', () => {
  test('LK-04: it may be a link; what it shows is below where it leads', async () => {
    symlinkSync(world.root, `${world.root}-link`)
    await world.user.write('f', 'x')
    const disk = openDisk(`${world.root}-link`)
    expect(await namesIn(disk, '')).toEqual(['f'])
    expect(disk.rootPath).toBe(world.root)
    disk.close()
  })

  test('RT-01: nothing is written below a root without a marker', () => {
    mkdirSync(`${world.root}-empty`)
    const disk = openDisk(`${world.root}-empty`)
    expect(readdirSync(`${world.root}-empty`)).toEqual([])
    disk.close()
  })

  test('RT-01: without the marker it is missing; when the root is another folder, every call says so', async () => {
    await world.user.write('f', 'x')
    renameSync(at('.bitvault/root'), at('.bitvault/away'))
    expect(await world.disk.marker()).toEqual({ missing: true })
    renameSync(world.root, `${world.root}-gone`)
    expect(await codeOf(world.disk.list(''))).toBe('ENOENT')
    expect(await codeOf(world.disk.stat('f'))).toBe('ENOENT')
    mkdirSync(world.root)
    expect(await codeOf(world.disk.list(''))).toBe('ESTALE')
    expect(await codeOf(world.disk.stat('f'))).toBe('ESTALE')
    expect(await codeOf(world.disk.makeFolder('d'))).toBe('ESTALE')
  })

  test('I12: a folder that was swapped for a link is not gone through, at any depth', async () => {
    const deep = ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a/b/c/d/e']
    for (const path of deep) await world.user.makeFolder(path)
    await world.user.write('a/b/c/d/e/secret.txt', 'mine')
    const path = 'a/b/c/d/e/secret.txt'
    expect(await textOf(world.disk.read(path))).toBe('mine')
    for (const swapped of ['a/b/c/d/e', 'a/b']) {
      await world.user.rename(swapped, `${swapped}-away`)
      await world.user.symlink(swapped, world.user.outside.folder)
      expect(await codeOf(textOf(world.disk.read(path))), swapped).toBe('ENOTDIR')
      expect(await codeOf(world.disk.list('a/b/c/d/e')), swapped).toBe('ENOTDIR')
    }
  })
})

describe('what it can', () => {
  test('the abilities are those of this file system, and the probe leaves nothing', () => {
    expect(world.disk.abilities).toMatchObject({
      symlinks: true,
      executableBit: true,
      refuses: 'nothing',
      grainNs: 10_000_000n,
    })
    expect(readdirSync(at('.bitvault')).sort()).toEqual(['root', 'tmp', 'trash'])
  })

  test.runIf(process.platform === 'linux')('on Linux names are bytes, and cases differ', () => {
    expect(world.disk.abilities).toMatchObject({
      isCaseSensitive: true,
      normalises: 'nothing',
      nameMax: { units: 255, of: 'utf8' },
      pathMax: 4_095 - Buffer.byteLength(world.root) - 1,
    })
  })

  test.runIf(process.platform === 'linux')(
    'NM-14: names that are not UTF-8 are told apart and not mangled',
    async () => {
      for (const byte of [0xe9, 0xe8])
        writeFileSync(Buffer.concat([Buffer.from(`${world.root}/caf`), Buffer.from([byte])]), 'x')
      await world.user.write('caf\uFFFD', 'a name with the mark itself')
      const entries = (await world.disk.list(''))
        .map(({ name, fault, kind }) => `${name} ${fault ?? 'fine'} ${kind}`)
        .sort()
      expect(entries).toEqual(['caf\uFFFD fine file', 'caf\uFFFDe8 not-utf8 file', 'caf\uFFFDe9 not-utf8 file'])
    },
  )

  test.runIf(process.platform === 'linux')('special files are told, and never opened', async () => {
    execFileSync('mkfifo', [at('pipe')])
    expect((await world.disk.list(''))[0]).toMatchObject({ name: 'pipe', kind: 'special' })
    expect(await codeOf(textOf(world.disk.read('pipe')))).toBe('EINVAL')
  })

  test('P8: a folder of many entries is listed to its end', async () => {
    for (let i = 0; i < 1_500; i++) writeFileSync(at(`f${i}`), '')
    expect(await namesIn(world.disk, '')).toHaveLength(1_500)
  })

  test('P8: a folder that changes while it is read is read again, however it was seen before', async () => {
    await world.user.makeFolder('d')
    for (let i = 0; i < 6_000; i++) writeFileSync(at(`d/f${i}`), '')
    for (const seen of [null, await stampOf(world.disk, 'd')]) {
      const listing = world.disk.list('d', seen)
      // Its names are read at once; looking at each takes several turns of the event loop.
      await setImmediate()
      writeFileSync(at(`d/late ${seen === null}`), '')
      expect((await listing).map(({ name }) => name)).toContain(`late ${seen === null}`)
    }
  })
})

describe('what it places', () => {
  test('PM-02: mode, owner and group of what is replaced stay', async () => {
    await world.user.write('f', 'old')
    chmodSync(at('f'), 0o640)
    if (process.getuid?.() === 0) chownSync(at('f'), 1234, 4321)
    const { uid, gid } = lstatSync(at('f'))
    await world.disk.replace(await tempOf(world.disk, 'new'), 'f', await stampOf(world.disk, 'f'))
    expect(modeOf('f')).toBe(0o640)
    expect(lstatSync(at('f'))).toMatchObject({ uid, gid })
  })

  test('PM-01, PM-05: new files have the mode that the umask leaves; executable where it may be read', async () => {
    const umask = process.umask()
    await world.disk.placeNew(await tempOf(world.disk, 'x'), 'f')
    expect(modeOf('f')).toBe(0o666 & ~umask)
    const temp = await world.disk.createTemp()
    await world.disk.placeNew(await temp.finish({ mtimeNs: null, executable: true }), 'x')
    expect(modeOf('x')).toBe(0o777 & ~umask)
    chmodSync(at('f'), 0o640)
    await world.disk.setExecutable('f', true)
    expect(modeOf('f')).toBe(0o750)
  })

  test('TM-08: times are restored to less than a microsecond', async () => {
    const wanted = 1_712_345_678_123_456_789n
    const { stamp } = await world.disk.placeNew(await tempOf(world.disk, 'x', wanted.toString()), 'f')
    const off = wanted - BigInt(stamp.mtimeNs)
    expect(off < 1_000n && off > -1_000n).toBe(true)
  })

  test('EE-05: what is written into a file after it was displaced is in the safety trash', async () => {
    await world.user.write('f', 'old')
    const { kept, displaced } = await world.disk.replace(
      await tempOf(world.disk, 'new'),
      'f',
      await stampOf(world.disk, 'f'),
    )
    writeFileSync(at(kept), 'late')
    expect((await world.disk.stat(kept))?.stamp).not.toEqual(displaced)
    expect(readFileSync(at(kept), 'utf8')).toBe('late')
  })

  test('DK-01, I25: tidy removes what a crash has left of temporary files', async () => {
    const left = openDisk(world.root)
    const temp = await left.createTemp()
    await temp.write(Buffer.from('half'))
    const mine = await tempOf(world.disk, 'mine')
    expect(readdirSync(at('.bitvault/tmp'))).toHaveLength(2)
    await world.disk.tidy()
    expect(readdirSync(at('.bitvault/tmp'))).toHaveLength(1)
    await world.disk.placeNew(mine, 'f')
    left.close()
  })

  test('NM-11: the name of a temporary file is short, whatever the name of the real one', async () => {
    const name = 'n'.repeat(world.disk.abilities.nameMax.units)
    await world.disk.placeNew(await tempOf(world.disk, 'x'), name)
    await world.disk.replace(await tempOf(world.disk, 'y'), name, await stampOf(world.disk, name))
    await world.disk.discard(name, await stampOf(world.disk, name))
    expect(readdirSync(at('.bitvault/trash')).every((kept) => kept.length < 110)).toBe(true)
  })
})

describe('the safety trash', () => {
  test('keeps what was removed for 30 days', async () => {
    let nowMs = Date.parse('2030-01-01T00:00:00Z')
    const disk = openDisk(world.root, () => nowMs)
    await world.user.write('f', 'one')
    await disk.discard('f', null)
    nowMs += 29 * 86_400_000
    await world.user.write('g', 'two')
    await disk.discard('g', null)
    await disk.tidy()
    const texts = () =>
      readdirSync(at('.bitvault/trash')).map((name) => readFileSync(at(`.bitvault/trash/${name}`), 'utf8'))
    expect(texts()).toEqual(['one', 'two'])
    nowMs += 2 * 86_400_000
    await disk.tidy()
    expect(texts()).toEqual(['two'])
    disk.close()
  })

  test('TM-05: what a program saved into a file after it was displaced is nowhere else: it stays, whatever the clock says', async () => {
    let nowMs = Date.parse('2016-01-01T00:00:00Z')
    const disk = openDisk(world.root, () => nowMs)
    await world.user.write('f', 'one')
    await world.user.write('g', 'two')
    const fd = openSync(at('f'), 'r+')
    await disk.discard('f', null)
    await disk.discard('g', null)
    writeSync(fd, 'late')
    closeSync(fd)
    nowMs = Date.parse('2030-01-01T00:00:00Z')
    await disk.tidy()
    const left = readdirSync(at('.bitvault/trash'))
    expect(left.map((name) => readFileSync(at(`.bitvault/trash/${name}`), 'utf8'))).toEqual(['late'])
    disk.close()
  })

  test('NM-11: a long name is cut off there, and ends with nothing that a system takes away', async () => {
    const name = `${'n'.repeat(NAME_BYTES - 1)} and more`
    await world.user.write(name, 'one')
    await world.disk.discard(name, null)
    expect(readdirSync(at('.bitvault/trash'))).toEqual([expect.stringMatching(/-n+_$/)])
  })

  test('a link, and a file without permissions, go there as they are', async () => {
    await world.user.symlink('l', 'nowhere')
    await world.user.write('f', 'x')
    chmodSync(at('f'), 0)
    await world.disk.discard('l', await stampOf(world.disk, 'l'))
    await world.disk.discard('f', await stampOf(world.disk, 'f'))
    expect(await namesIn(world.disk, '')).toEqual([])
    expect(readdirSync(at('.bitvault/trash'))).toHaveLength(2)
  })
})

describe('identity', () => {
  test.runIf(process.platform === 'linux')('MV-20: a reused inode is another file', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 10; i++) {
      // Births are told apart by the tick of the clock.
      const before = await world.disk.timeNs()
      while ((await world.disk.timeNs()) - before <= world.disk.abilities.grainNs);
      await world.user.write('f', 'x')
      seen.add((await stampOf(world.disk, 'f')).ino)
      unlinkSync(at('f'))
    }
    expect(seen.size).toBe(10)
  })

  test('times, mode and links do not change who a file is', async () => {
    await world.user.write('f', 'x')
    const { ino } = await stampOf(world.disk, 'f')
    utimesSync(at('f'), 1, 1)
    chmodSync(at('f'), 0o600)
    await world.user.link('f', 'g')
    await world.user.write('f', 'longer')
    expect((await stampOf(world.disk, 'f')).ino).toBe(ino)
    expect((await stampOf(world.disk, 'g')).ino).toBe(ino)
  })
})
