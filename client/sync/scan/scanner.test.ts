import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Disk } from '../ports.ts'
import { failing, hashOf, scanWorld, type ScanWorld } from '../../../test/support/scan-world.ts'

let world: ScanWorld
beforeEach(async () => {
  world = await scanWorld()
})
afterEach(() => world.close())

const mtimeOf = async (path: string): Promise<string> => (await world.disk.stat(path))?.stamp.mtimeNs ?? '0'

describe('what is there', () => {
  test('a first scan notes all of it, a second one nothing', async () => {
    await world.user.symlink('l', 'd/f')
    await world.startWith({ 'd/': '', 'd/e/': '', 'd/f': 'one', 'd/e/g': '' })
    expect(world.tree()).toEqual([`d folder`, `d/e folder`, `d/e/g ${hashOf('')}`, `d/f ${hashOf('one')}`, 'l → d/f'])
    expect(await world.scanned()).toMatchObject({ seen: 5, changed: 0, gone: 0, moved: 0, again: [] })
  })

  test('an edit in place is seen by size, time or inode change', async () => {
    await world.startWith({ f: 'one' })
    const id = world.idAt('f')
    await world.user.write('f', 'two')
    expect(await world.scanned()).toMatchObject({ changed: 1 })
    expect(world.tree()).toEqual([`f ${hashOf('two')}`])
    expect(world.idAt('f')).toBe(id)
  })

  test('TM-02: an edit that puts the time back is seen by the ctime', async () => {
    await world.user.write('f', 'one')
    await world.user.setMtime('f', 1_700_000_000_000_000_000n)
    await world.startWith({})
    await world.user.write('f', 'two')
    await world.user.setMtime('f', 1_700_000_000_000_000_000n)
    await world.scanned()
    expect(world.tree()).toEqual([`f ${hashOf('two')}`])
  })

  test('SC-07: large files wait for `read`, and are unknown till then', async () => {
    await world.user.write('big', 'x'.repeat(1000))
    const patient = world.scanner(world.disk, { inlineBytes: 100 })
    await world.scanned(patient)
    expect(world.tree()).toEqual(['big unknown'])
    expect(await patient.read({ files: 10, bytes: 1e9 })).toMatchObject({ files: expect.any(Number) })
    expect(world.tree()).toEqual([`big ${hashOf('x'.repeat(1000))}`])
  })

  test('TM-01: a file written a moment ago is read until its time is past', async () => {
    await world.user.write('f', 'one')
    let ahead = 0n
    const disk = world.withDisk({ timeNs: async () => BigInt(await mtimeOf('f')) + ahead })
    const reader = world.scanner(disk)
    await reader.full()
    expect(world.items()[0]?.local?.isSettled).toBe(false)
    expect(await reader.read({ files: 10, bytes: 1e9 })).toMatchObject({ files: 0, bytes: 0, left: 1 })
    ahead = 1_000_000_000n
    expect(await reader.read({ files: 10, bytes: 1e9 })).toMatchObject({ files: 1, bytes: 3, left: 0 })
    expect(world.items()[0]?.local?.isSettled).toBe(true)
    expect([...world.store.unread()]).toEqual([])
  })

  test('WR-01: bytes that changed while they were read are not taken', async () => {
    await world.user.write('f', 'one')
    const disk = world.withDisk({
      async *read(path) {
        yield* world.disk.read(path)
        await world.user.write('f', 'two')
      },
    })
    await world.scanned(world.scanner(disk))
    expect(world.tree()).toEqual(['f unknown'])
    await world.scanner().read({ files: 10, bytes: 1e9 })
    expect(world.tree()).toEqual([`f ${hashOf('two')}`])
  })
})

describe('what is gone', () => {
  test('a file, and a folder with all that was in it', async () => {
    await world.startWith({ 'd/': '', 'd/e/': '', 'd/e/f': 'one', g: 'two' })
    await world.user.remove('d')
    expect(await world.scanned()).toMatchObject({ gone: 3 })
    expect(world.tree()).toEqual([`g ${hashOf('two')}`])
    expect(world.store.gone()).toMatchObject({ local: 3 })
  })

  test('RT-01, I13: nothing is gone where the marker is missing or another one', async () => {
    await world.startWith({ f: 'one' })
    await world.user.remove('f')
    for (const marker of [{ missing: true } as const, { id: 'root-2' }])
      expect(await world.scanner(world.withDisk({ marker: async () => marker })).full()).toEqual({ is: 'no-root' })
    let asked = 0
    const later = world.withDisk({ marker: async () => (asked++ === 0 ? { id: 'root-1' } : { missing: true }) })
    expect(await world.scanner(later).full()).toEqual({ is: 'no-root' })
    expect(world.tree()).toEqual([`f ${hashOf('one')}`])
  })

  test('P8: what cannot be listed a second time is not gone yet, and keeps the scan from nothing else', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one', g: 'two' })
    let listed = 0
    const list = async (path: string) => (path === 'd' && listed++ > 0 ? failing('busy') : world.disk.list(path))
    await world.user.remove('d/f')
    await world.user.remove('g')
    expect(await world.scanned(world.scanner(world.withDisk({ list })))).toMatchObject({ gone: 1, again: ['d'] })
    expect(world.tree()).toEqual(['d folder', `d/f ${hashOf('one')}`])
    await world.scanned()
    expect(world.tree()).toEqual(['d folder'])
  })

  test('P8: below a folder that cannot be listed nothing is gone, elsewhere it is', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one', g: 'two' })
    const disk = world.withDisk({ list: async (path) => (path === 'd' ? failing('EACCES') : world.disk.list(path)) })
    await world.user.remove('d/f')
    await world.user.remove('g')
    expect(await world.scanned(world.scanner(disk))).toMatchObject({
      gone: 1,
      unlisted: [{ path: 'd', code: 'EACCES' }],
    })
    expect(world.tree()).toEqual(['d folder', `d/f ${hashOf('one')}`])
    expect(world.store.item(world.idAt('d'))?.blocked?.reason).toBe('no-permission')
    await world.scanned()
    expect(world.tree()).toEqual(['d folder'])
    expect(world.store.item(world.idAt('d'))?.blocked).toBeNull()
  })

  test('DK-13: when files run out, nothing is gone or moved', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one', g: 'two' })
    await world.user.remove('g')
    const disk = world.withDisk({ list: async (path) => (path === 'd' ? failing('EMFILE') : world.disk.list(path)) })
    await expect(world.scanner(disk).full()).rejects.toMatchObject({ code: 'EMFILE' })
    expect(world.tree()).toContain(`g ${hashOf('two')}`)
  })

  test('P8: a name that a listing missed is asked for before it is believed to be gone', async () => {
    await world.startWith({ f: 'one' })
    const disk = world.withDisk({ list: async () => [] })
    expect(await world.scanned(world.scanner(disk))).toMatchObject({ gone: 0, again: [''] })
    expect(world.tree()).toEqual([`f ${hashOf('one')}`])
  })

  test('AS-02: what is lost is believed when it stays so', async () => {
    await world.startWith({ f: 'one', g: 'x' })
    const patient = world.scanner(world.disk, { graceMs: 500 })
    await world.user.rename('f', 'f.bak')
    expect(await world.scanned(patient)).toMatchObject({ gone: 0, againInMs: 500, again: [''] })
    world.wait(100)
    await world.user.write('f', 'saved')
    await world.user.remove('f.bak')
    expect(await world.scanned(patient)).toMatchObject({ gone: 0, againInMs: 400 })
    world.wait(400)
    expect(await world.scanned(patient)).toMatchObject({ againInMs: 0 })
    expect(world.tree()).toEqual([`f ${hashOf('saved')}`, `g ${hashOf('x')}`])
    expect(world.store.item(world.idAt('f'))?.synced).not.toBeNull()
  })
})

describe('what is left out, or cannot be followed', () => {
  test('FD-04, SS-09: what is ignored later is forgotten, and not gone; what is there when it is ignored no more is new', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one', 'a.log': 'x', b: 'y' })
    await world.user.write('.bitvaultignore', 'd/\n*.log\n')
    await world.user.remove('d')
    await world.user.remove('a.log')
    await world.user.write('new.log', 'z')
    const ours = world.scanner()
    expect(await world.scanned(ours)).toMatchObject({ gone: 0 })
    expect(world.tree().map((line) => line.split(' ')[0])).toEqual(['.bitvaultignore', 'b'])
    expect(ours.rules().isIgnored('d', 'folder')).toBe(true)
    await world.user.remove('.bitvaultignore')
    expect(await world.scanned(ours)).toMatchObject({ gone: 1 })
    expect(world.tree().map((line) => line.split(' ')[0])).toEqual(['b', 'new.log'])
  })

  test('SS-10: new rules make a scan of single folders one of everything', async () => {
    await world.startWith({ 'd/': '', 'd/a.log': 'x' })
    const ours = world.scanner()
    await world.scanned(ours)
    await world.user.write('.bitvaultignore', '*.txt\n')
    await world.user.write('d/b', 'y')
    await ours.folders([''])
    expect(world.tree()).toContain(`d/b ${hashOf('y')}`)
  })

  test('P7: what is no file any more is blocked, not gone', async () => {
    await world.startWith({ f: 'one' })
    const list = async (path: string) =>
      (await world.disk.list(path)).map((entry) => ({
        ...entry,
        kind: 'special' as const,
        stamp: { ...entry.stamp, ino: 'other' },
      }))
    expect(await world.scanned(world.scanner(world.withDisk({ list })))).toMatchObject({ gone: 0 })
    expect(world.items()[0]).toMatchObject({ blocked: { reason: 'special-file' }, local: { content: null } })
    await world.scanned()
    expect(world.items()[0]).toMatchObject({ blocked: null })
    expect(world.tree()).toEqual([`f ${hashOf('one')}`])
  })

  test('RT-03: below a mount point everything stays as it was known', async () => {
    await world.startWith({ 'd/': '', 'd/f': 'one' })
    const list = async (path: string) =>
      (await world.disk.list(path)).map((entry) => ({
        ...entry,
        fault: 'mount' as const,
        stamp: { ...entry.stamp, ino: '2' },
      }))
    expect(await world.scanned(world.scanner(world.withDisk({ list })))).toMatchObject({ gone: 0 })
    expect(world.tree()).toEqual(['d folder', `d/f ${hashOf('one')}`])
    expect(world.store.item(world.idAt('d'))?.blocked?.reason).toBe('special-file')
    await world.scanned()
    expect(world.store.item(world.idAt('d'))?.blocked).toBeNull()
  })

  test('WR-05: a file that changes all the time is told to be busy', async () => {
    await world.user.write('f', 'one')
    const read = () => failing('busy')
    const ours = world.scanner(world.withDisk({ read }))
    await ours.full()
    for (let i = 0; i < 5; i++) expect(await ours.read({ files: 9, bytes: 9e9 })).toMatchObject({ left: 1 })
    expect(world.items()[0]).toMatchObject({ blocked: { reason: 'busy' }, local: { content: null } })
    await world.scanner().read({ files: 9, bytes: 9e9 })
    expect(world.items()[0]).toMatchObject({ blocked: null, local: { content: { kind: 'file' } } })
  })
})

describe('SY-28 folders that are as they were', () => {
  /** All folders that were listed, and what of them was compared. */
  async function listed(): Promise<{ compared: string[]; asBefore: string[] }> {
    const told = { compared: [] as string[], asBefore: [] as string[] }
    const listChanged: Disk['listChanged'] = async (folder) => {
      const listing = await world.disk.listChanged(folder)
      told[Array.isArray(listing) ? 'compared' : 'asBefore'].push(folder.path)
      return listing
    }
    await world.scanned(world.scanner(world.withDisk({ listChanged })))
    return { compared: told.compared.toSorted(), asBefore: told.asBefore.toSorted() }
  }

  beforeEach(async () => {
    await world.user.write('.bitvaultignore', '*.log\nother/e/f\n')
    await world.startWith({ 'd/': '', 'd/e/': '', 'd/e/f': 'one', 'd/.DS_Store': 'x', 'd/g': '', 'h/': '' })
    expect(await listed()).toEqual({ compared: ['', 'd', 'd/e'], asBefore: ['h'] })
    expect(await listed()).toEqual({ compared: [''], asBefore: ['d', 'd/e', 'h'] })
    expect(await world.scanned()).toMatchObject({ seen: 7, changed: 0 })
  })

  test('what changes is compared where it is, once, and all else is not', async () => {
    const before = world.tree()
    await world.user.write('d/e/f', 'two')
    expect(await listed()).toEqual({ compared: ['', 'd/e'], asBefore: ['d', 'h'] })
    expect(world.tree()).toContain(`d/e/f ${hashOf('two')}`)
    expect((await listed()).compared).toEqual(['', 'd/e'])
    expect((await listed()).compared).toEqual([''])
    await world.put({ 'h/new': 'x' })
    await world.user.remove('h/new')
    await listed()
    await world.user.write('d/e/f', 'one')
    await listed()
    expect(world.tree()).toEqual(before)
  })

  test('what is left out where a folder goes to is so, deep in it too', async () => {
    await world.user.rename('d', 'other')
    const id = world.idAt('d')
    await world.scanned()
    const { remote } = world.store.item(id)!
    world.store.write((to) => to.setRemote(id, { ...remote!, place: { ...remote!.place, name: 'other' } }))
    await world.scanned()
    expect(world.tree().map((line) => line.split(' ')[0])).not.toContain('other/e/f')
    expect(world.store.gone()).toMatchObject({ local: 0 })
  })

  test('with other rules everything is compared, and again with the old ones', async () => {
    const rules = ['*.log\nf\n', '*.log\nother/e/f\n']
    for (const [i, text] of rules.entries()) {
      await world.user.write('.bitvaultignore', text)
      expect((await listed()).compared).toEqual(['', 'd', 'd/e', 'h'])
      expect(world.tree().some((line) => line.startsWith('d/e/f '))).toBe(i === 1)
    }
  })

  test('a folder that comes in place of another one is not taken for that', async () => {
    await world.user.rename('h', 'd/h')
    await world.put({ 'h/': '', 'h/i': 'i' })
    await world.scanned()
    expect(world.tree()).toContain(`h/i ${hashOf('i')}`)
    expect(world.whoIsWhere()).toContain('h at d/h')
  })
})

describe('single folders', () => {
  test('WA-04: only the folders of the hints are looked at, and what is new below them', async () => {
    await world.startWith({ 'a/': '', 'b/': '', 'b/f': 'one' })
    await world.put({ 'a/new/': '', 'a/new/f': 'two', 'b/g': 'three' })
    const ours = world.scanner()
    await ours.folders(['a'])
    expect(world.tree().map((line) => line.split(' ')[0])).toEqual(['a', 'a/new', 'a/new/f', 'b', 'b/f'])
    await ours.folders(['b/not/there'])
    expect(world.tree()).toContain(`b/g ${hashOf('three')}`)
  })

  test('MV-14: a move is seen from the folder it went to', async () => {
    await world.startWith({ 'a/': '', 'b/': '', 'a/f': 'one' })
    await world.user.rename('a/f', 'b/f')
    const ours = world.scanner()
    await ours.folders(['b'])
    await ours.folders(['a'])
    expect(world.whoIsWhere()).toEqual(['a at a', 'b at b', 'f at b/f'])
  })
})
