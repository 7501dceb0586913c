import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { namespaceOf } from '../../client/namespace.ts'
import { waitFor } from './cli-support.ts'
import { expectRefused, jsonLines, makeTeamSpace, openCliWorld, type CliWorld } from './cli-world.ts'

let world: CliWorld
beforeAll(async () => void (world = await openCliWorld()))
afterAll(() => world?.stack.stop())

const cli = (args: readonly string[], options?: { input?: string }) => world.cli(args, options)
const ok = (...args: string[]) => world.ok(...args)
const put = (path: string, text: string) => world.put(path, text)
const statOf = (path: string) => world.statOf(path)
const work = (...parts: string[]) => world.work(...parts)

describe('mv', () => {
  test('renames, moves one and several into a folder, and keeps ids', async () => {
    await put('home/mv/a.txt', 'a')
    await put('home/mv/b.txt', 'b')
    const before = await statOf('home/mv/a.txt')
    expect(await ok('mv', 'home/mv/a.txt', 'home/mv/c.txt')).toBe('Moved home/mv/a.txt → home/mv/c.txt\n')
    expect(await statOf('home/mv/c.txt')).toMatchObject({ id: before['id'], contentRevision: 1 })
    await ok('mkdir', 'home/mv/d')
    expect(await ok('mv', 'home/mv/c.txt', 'home/mv/b.txt', 'home/mv/d')).toBe(
      'Moved home/mv/c.txt → home/mv/d/c.txt\nMoved home/mv/b.txt → home/mv/d/b.txt\n',
    )
    expect(await ok('mv', '-p', 'home/mv/d', 'home/mv/new/e')).toBe('Moved home/mv/d → home/mv/new/e\n')
    expect(await ok('ls', '-R', 'home/mv')).toBe('home/mv:\nnew/\n\nhome/mv/new:\ne/\n\nhome/mv/new/e:\nb.txt\nc.txt\n')
  })

  test('a name that is taken: refused, left alone, kept both, replaced (the old one is in the trash)', async () => {
    for (const name of ['new.txt', 'old.txt']) await put(`home/taken/${name}`, name)
    const [from, to] = ['home/taken/new.txt', 'home/taken/old.txt']
    expect(await cli(['mv', from, to])).toMatchObject({
      exit: 1,
      out: '',
      err: expect.stringMatching(/^bitvault: home\/taken\/old\.txt is there already\. \[name-taken\]\n--keep-both /),
    })
    expect(await cli(['mv', '-n', from, to])).toMatchObject({ exit: 0, err: expect.stringContaining('left alone') })
    expect(await ok('mv', '--keep-both', from, to)).toMatch(
      /^Moved home\/taken\/new\.txt → home\/taken\/old \(conflicted copy from test laptop, .*\)\.txt \(that name was taken\)\n$/,
    )
    await put(from, 'again')
    expect(await ok('mv', '--replace', from, to)).toBe(`Moved ${from} → ${to}\n`)
    expect(await ok('cat', to)).toBe('again')
    expect(await ok('trash', 'home/taken')).toMatch(/you {2}7 B {2}home\/taken\/old\.txt\n$/)
    expect(await cli(['mv', '--replace', '-n', from, to])).toMatchObject({ exit: 2 })
  })

  test('of several, those that can are moved: 6, and each failure is named', async () => {
    for (const name of ['some/one.txt', 'some/two.txt', 'there/two.txt']) await put(`home/${name}`, name)
    const run = await cli(['mv', 'home/some/one.txt', 'home/some/two.txt', 'home/there'])
    expect(run).toMatchObject({ exit: 6, out: 'Moved home/some/one.txt → home/there/one.txt\n' })
    expect(run.err).toBe('home/some/two.txt: home/there/two.txt is there already. [name-taken]\n')
    const json = jsonLines((await cli(['mv', '--json', 'home/some/two.txt', 'home/there'])).out)
    expect(json).toEqual([])
  })

  test('between spaces: a copy there, the trash here; what came meanwhile stays', async () => {
    await makeTeamSpace(world, 'team')
    await put('home/across/f/a.txt', 'a')
    await put('home/across/b.txt', 'b')
    expect(await ok('mv', 'home/across/f', 'home/across/b.txt', 'team')).toBe(
      'Moved home/across/f → team/f (copied there, and deleted here)\n' +
        'Moved home/across/b.txt → team/b.txt (copied there, and deleted here)\n',
    )
    expect(await ok('ls', '-R', 'team')).toBe('team:\nb.txt\nf/\n\nteam/f:\na.txt\n')
    expect(await ok('ls', 'home/across')).toBe('')
    expect(await ok('trash', 'home/across')).toMatch(/home\/across\/b\.txt\n.*home\/across\/f\/\n$/)
    await put('home/across/b.txt', 'newer')
    expect(await cli(['mv', 'home/across/b.txt', 'team'])).toMatchObject({ exit: 1 })
    await ok('mv', '--replace', 'home/across/b.txt', 'team')
    expect(await ok('cat', 'team/b.txt')).toBe('newer')
    expect(await ok('ls', 'team')).toBe('b.txt\nf/\n')
  })
})

describe('cp', () => {
  test('a file, an earlier version, a folder; nothing is sent', async () => {
    await put('home/cp/a.txt', 'one')
    await put('home/cp/a.txt', 'two')
    expect(await ok('cp', 'home/cp/a.txt', 'home/cp/b.txt')).toBe('Copied home/cp/a.txt → home/cp/b.txt\n')
    expect(await ok('cp', '--revision', '1', 'home/cp/a.txt', 'home/cp/c.txt')).toBe(
      'Copied home/cp/a.txt v1 → home/cp/c.txt\n',
    )
    expect(await ok('cat', 'home/cp/c.txt')).toBe('one')
    expect(await ok('cp', '-r', 'home/cp', 'home/cp2')).toBe('Copied home/cp → home/cp2\n')
    expect(await ok('ls', 'home/cp2')).toBe('a.txt\nb.txt\nc.txt\n')
    expect(await ok('cp', '--replace', 'home/cp/c.txt', 'home/cp2/a.txt')).toBe(
      'Copied home/cp/c.txt → home/cp2/a.txt\n',
    )
    expect(await ok('cat', 'home/cp2/a.txt')).toBe('one')
    expect(await ok('ls', 'home/cp2')).toBe('a.txt\nb.txt\nc.txt\n')
    expect(await ok('cp', '--keep-both', 'home/cp/c.txt', 'home/cp2/a.txt')).toBe(
      'Copied home/cp/c.txt → home/cp2/a (2).txt (that name was taken)\n',
    )
    expect(await cli(['cp', '-n', 'home/cp/c.txt', 'home/cp2/a.txt'])).toMatchObject({ exit: 0, out: '' })
    expect(await cli(['cp', '--revision', '9', 'home/cp/a.txt', 'home/cp/d.txt'])).toMatchObject({
      exit: 4,
      err: 'bitvault: home/cp/a.txt has no v9, or it has expired. [not-found]\nLook with: bitvault versions home/cp/a.txt\n',
    })
  })

  test('a folder of more than one request may copy goes folder by folder', async () => {
    for (const [folder, count] of [
      ['few', 3],
      ['many', 2_050],
    ] as const) {
      await mkdir(work('large', folder), { recursive: true })
      await Promise.all(Array.from({ length: count }, (_, at) => writeFile(work('large', folder, `${at}`), `${at}`)))
    }
    await ok('put', 'large', 'home/')
    await ok('set', '--property', 'kept=yes', 'home/large')
    expect(await ok('cp', '-r', 'home/large', 'home/larger')).toBe('Copied home/large → home/larger\n')
    const names = jsonLines(await ok('ls', '-R', '--json', 'home/larger')).map(({ path }) => path)
    expect(names.length).toBe(2_055)
    expect(await ok('cat', 'home/larger/many/2049')).toBe('2049')
    expect(await statOf('home/larger')).toMatchObject({ properties: { kept: 'yes' } })
    expect(await cli(['cp', '-r', 'home/large', 'home/large/few'])).toMatchObject({
      exit: 1,
      err: expect.stringContaining('[would-cycle]'),
    })
  })
})

describe('rm, trash and restore', () => {
  test('deleted, listed, and back at its place', async () => {
    await put('home/rm/a.txt', 'a')
    const run = await cli(['rm', 'home/rm/a.txt'])
    expect(run).toEqual({ exit: 0, out: 'Deleted home/rm/a.txt\n', err: 'Back with: bitvault restore home/rm/a.txt\n' })
    expect(await cli(['stat', 'home/rm/a.txt'])).toMatchObject({ exit: 4 })
    expect(await ok('trash', 'home/rm')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}you {2}1 B {2}home\/rm\/a\.txt\n$/)
    expect(jsonLines(await ok('trash', '--json', 'home/rm'))).toMatchObject([
      { path: 'home/rm/a.txt', kind: 'file', trashedAt: expect.any(Number) },
    ])
    expect(await ok('restore', 'home/rm/a.txt')).toBe('Restored home/rm/a.txt\n')
    expect(await ok('cat', 'home/rm/a.txt')).toBe('a')
    expect(await ok('trash', 'home/rm')).toBe('Nothing is in the trash of that place.\n')
  })

  test('a folder as a whole, only with -r; what is missing is an error without -f, and nothing is deleted', async () => {
    await put('home/rmr/f/a.txt', 'a')
    expect(await cli(['rm', 'home/rmr/f'])).toMatchObject({ exit: 2, err: expect.stringContaining('add -r') })
    expect(await cli(['rm', '-r', 'home/rmr/f', 'home/rmr/nothing'])).toMatchObject({ exit: 4, out: '' })
    expect(await ok('rm', '-rf', 'home/rmr/f', 'home/rmr/nothing')).toBe('Deleted home/rmr/f\n')
    const inside = await cli(['restore', 'home/rmr/f/a.txt'])
    expect(inside).toMatchObject({ exit: 4, err: expect.stringContaining('Run: bitvault restore home/rmr/f') })
    await ok('restore', 'home/rmr/f')
    expect(await ok('cat', 'home/rmr/f/a.txt')).toBe('a')
  })

  test('says when it is elsewhere or under another name', async () => {
    await put('home/back/f/a.txt', 'a')
    await put('home/back/b.txt', 'b')
    await ok('rm', 'home/back/f/a.txt', 'home/back/b.txt')
    await ok('rm', '-r', 'home/back/f')
    await put('home/back/b.txt', 'another')
    expect(await ok('restore', 'home/back/f/a.txt')).toBe(
      'Restored home/back/a.txt: its folder is no more, so it is in the nearest one that is there\n',
    )
    expect(await ok('restore', 'home/back/b.txt')).toBe(
      'Restored home/back/b (2).txt: its name is taken, so it has another\n',
    )
    await ok('rm', 'home/back/a.txt')
    const { id } = jsonLines(await ok('trash', '--json', 'home/back/a.txt'))[0] ?? {}
    expect(await ok('restore', '-p', '--to', 'home/elsewhere/', String(id))).toBe('Restored home/elsewhere/a.txt\n')
    expect(await cli(['restore', 'home/elsewhere/a.txt'])).toMatchObject({
      exit: 4,
      err: expect.stringContaining('is not in the trash: it is there'),
    })
  })

  test('trash empty leaves what somebody restores while it asks, and says so', async () => {
    for (const name of ['a.txt', 'b.txt', 'c.txt']) await put(`home/between/${name}`, name)
    await ok('rm', 'home/between/a.txt', 'home/between/b.txt', 'home/between/c.txt')
    const [back, gone] = jsonLines(await ok('trash', '--json', 'home/between'))
    const { child, ended } = world.cli.start(['trash', 'empty', 'home/between'])
    await waitFor(child, 'stderr', /Delete 3 things for good/)
    expect((await namespaceOf(world.phone).restore(String(back?.['id']), {})).outcome).toBe('applied')
    expect((await namespaceOf(world.phone).purge(String(gone?.['id']))).outcome).toBe('applied')
    child.stdin?.end('y\n')
    const { exit, out, err } = await ended
    expect({ exit, out }).toEqual({ exit: 0, out: 'Deleted 1 thing for good.\n' })
    expect(err).toContain(`${String(back?.['path'])}: left alone, it was restored meanwhile\n`)
    expect(await ok('ls', 'home/between')).toBe(`${String(back?.['name'])}\n`)
    expect(await ok('trash', 'home/between')).toBe('Nothing is in the trash of that place.\n')
  })

  test('trash empty asks, takes what is old enough or named, and it is gone for good', async () => {
    for (const name of ['a.txt', 'b.txt']) await put(`home/empty/${name}`, name)
    await ok('rm', 'home/empty/a.txt', 'home/empty/b.txt')
    expect(await ok('trash', 'empty', '--older', '1h', 'home/empty')).toBe('There is nothing to delete for good.\n')
    expect(await cli(['trash', 'empty', 'home/empty'])).toMatchObject({ exit: 2 })
    const refused = await cli(['trash', 'empty', 'home/empty'], { input: 'n\n' })
    expect(refused).toMatchObject({ exit: 0, out: 'Nothing was deleted.\n' })
    expect(refused.err).toBe('Delete 2 things for good? It cannot be undone. [y/N] \n')
    expect(await ok('trash', 'empty', '--yes', 'home/empty/a.txt')).toBe('Deleted 1 thing for good.\n')
    const asked = await cli(['trash', 'empty', 'home/empty'], { input: 'y\n' })
    expect(asked).toMatchObject({ exit: 0, out: 'Deleted 1 thing for good.\n' })
    expect(await cli(['restore', 'home/empty/b.txt'])).toMatchObject({ exit: 4 })
  })
})

describe('versions', () => {
  test('listed, labelled, fetched, and made the newest again', async () => {
    for (const text of ['one', 'two!', 'three']) await put('home/versions/a.txt', text)
    expect(await ok('versions', 'home/versions/a.txt')).toMatch(
      /^● {2}v3 {2}\S+ \S+ {2}5 B {2}test laptop\n {3}v2 {2}\S+ \S+ {2}4 B {2}test laptop\n {3}v1 .* 3 B {2}test laptop\n$/,
    )
    expect(await ok('versions', 'label', 'home/versions/a.txt', '1', 'as sent')).toBe(
      'v1 of home/versions/a.txt is kept as “as sent”\n',
    )
    expect(jsonLines(await ok('versions', '--json', 'home/versions/a.txt'))).toMatchObject([
      { revision: 3, present: true, label: null },
      { revision: 2, present: false },
      { revision: 1, label: 'as sent', device: 'test laptop' },
    ])
    expect(await ok('versions', 'get', 'home/versions/a.txt', 'v1')).toBe('a (v1).txt: 3 B\n')
    expect(await readFile(work('a (v1).txt'), 'utf8')).toBe('one')
    await writeFile(work('a (v1).txt'), 'mine')
    expect(await cli(['versions', 'get', 'home/versions/a.txt', '1'])).toMatchObject({ exit: 1 })
    await ok('versions', 'get', '-o', 'old.txt', 'home/versions/a.txt', '2')
    expect(await readFile(work('old.txt'), 'utf8')).toBe('two!')
    expect(await ok('versions', 'restore', 'home/versions/a.txt', '1')).toBe(
      'home/versions/a.txt is as v1 again, which makes it v4\n',
    )
    expect(await ok('cat', 'home/versions/a.txt')).toBe('one')
    expect(await ok('versions', 'label', '--remove', 'home/versions/a.txt', '1')).toContain('has no label now')
  })
})

describe('what to do next, as it can be pasted', () => {
  test('names with spaces are quoted', async () => {
    await ok('mkdir', '-p', 'home/my files/f g')
    expect((await cli(['mv', 'home/my files/x', 'home/y'])).err).toContain("Look with: bitvault ls 'home/my files'\n")
    await put('home/f g', 'file')
    expect((await cli(['mv', '--replace', 'home/f g', 'home/my files'])).err).toContain(
      "bitvault rm -r 'home/my files/f g'\n",
    )
  })

  test('a link into a folder that is not there', async () => {
    expect(await cli(['ln', '-s', 'x', 'home/no folder/l'])).toMatchObject({
      exit: 4,
      err: "bitvault: there is no folder home/no folder. [not-found]\nMake it first: bitvault mkdir 'home/no folder'\n",
    })
  })
})

describe('links and what is known about a file', () => {
  test('ln, ls and stat show where a link points', async () => {
    await ok('mkdir', 'home/links')
    expect(await ok('ln', '-s', '../cp/a.txt', 'home/links/a')).toBe('home/links/a -> ../cp/a.txt\n')
    expect(await ok('ls', '-l', 'home/links')).toMatch(/^link {2}\S+ \S+ {2}v1 {2}a -> \.\.\/cp\/a\.txt\n$/)
    expect(await ok('stat', 'home/links/a')).toMatch(/^kind {6}symlink\ntarget {4}\.\.\/cp\/a\.txt\nversion {3}1$/m)
    expect(await cli(['ln', '-s', 'x', 'home/links/a'])).toMatchObject({ exit: 1 })
    expect(await ok('ln', '-sf', 'x', 'home/links/a')).toBe('home/links/a -> x\n')
    expect(await statOf('home/links/a')).toMatchObject({ kind: 'symlink', linkTarget: 'x', contentRevision: 2 })
    expect(await cli(['ln', 'x', 'home/links/b'])).toMatchObject({ exit: 2 })
  })

  test('T15 put stores links as links; get writes those that stay inside, and follows none', async () => {
    await mkdir(work('linked', 'sub'), { recursive: true })
    await writeFile(work('linked', 'a.txt'), 'a')
    await symlink('../a.txt', work('linked', 'sub', 'up'))
    await symlink('/etc/passwd', work('linked', 'out'))
    await symlink('nowhere', work('linked', 'dangling'))
    expect(await ok('put', 'linked', 'home/')).toMatch(/^1 file, 3 links, 1 B in /)
    expect(await ok('put', 'linked', 'home/')).toBe('Nothing new: 4 unchanged.\n')
    const run = await cli(['get', '-r', 'home/linked', 'unlinked'])
    expect(run).toMatchObject({ exit: 0, out: expect.stringMatching(/^3 files, .*; 1 left out\.\n$/) })
    expect(run.err).toBe(
      'unlinked/linked/out: left out, a link to somewhere outside of what is fetched: /etc/passwd [link-outside]\n',
    )
    expect(await readlink(work('unlinked', 'linked', 'sub', 'up'))).toBe('../a.txt')
    expect(await readlink(work('unlinked', 'linked', 'dangling'))).toBe('nowhere')
    await expect(lstat(work('unlinked', 'linked', 'out'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await ok('get', '-r', 'home/linked', 'unlinked')).toBe('Nothing new: 3 unchanged, 1 left out.\n')
  })

  test('set: executable, time, properties', async () => {
    await put('home/set/a.sh', 'a')
    const about = [
      '--executable',
      '--mtime',
      '2020-01-02T03:04:05.123456789Z',
      '--property',
      'a=1',
      '--property',
      'b=x=y',
    ]
    expect(await ok('set', ...about, 'home/set/a.sh')).toBe('Set home/set/a.sh\n')
    expect(await statOf('home/set/a.sh')).toMatchObject({
      executable: true,
      mtimeNs: '1577934245123456789',
      properties: { a: '1', b: 'x=y' },
      contentRevision: 1,
    })
    expect(await ok('stat', 'home/set/a.sh')).toMatch(/^properties {2}a = 1\n {12}b = x=y$/m)
    await ok('set', '--no-executable', '--remove-property', 'a', 'home/set/a.sh')
    expect(await statOf('home/set/a.sh')).toMatchObject({ executable: false, properties: { b: 'x=y' } })
  })
})

describe('bad input', () => {
  beforeAll(async () => {
    await put('home/bad/a.txt', 'a')
    await ok('mkdir', 'home/bad/f')
  })
  test.each([
    [['mv', 'home', 'home/bad'], 2, 'usage'],
    [['mv', 'home/bad/nothing', 'home/bad/x'], 4, 'not-found'],
    [['mv', 'home/bad/a.txt', 'home/nowhere/x'], 4, 'not-found'],
    [['mv', 'home/bad/a.txt', 'home/bad/f', 'home/bad/x'], 4, 'not-found'],
    [['mv', 'home/bad', 'home/bad/f'], 1, 'would-cycle'],
    [['mv', 'home/bad/f', 'home/bad/a.txt/'], 1, 'not-a-folder'],
    [['mv', 'home/bad/a.txt', 'home/bad/a\u0001'], 2, 'name-invalid'],
    [['cp', 'home/bad/f', 'home/bad/g'], 2, 'usage'],
    [['cp', '--revision', '9', 'home/bad/a.txt', 'home/bad/g'], 4, 'not-found'],
    [['cp', '-r', '--revision', '1', 'home/bad/f', 'home/bad/g'], 2, 'usage'],
    [['rm', 'home'], 2, 'usage'],
    [['restore', randomUUID()], 4, 'not-found'],
    [['trash', 'no-such-space'], 4, 'not-found'],
    [['trash', 'empty', '--older', 'soon'], 2, 'usage'],
    [['versions', 'home/bad/f'], 1, 'not-a-file'],
    [['versions', 'restore', 'home/bad/a.txt', '7'], 4, 'not-found'],
    [['versions', 'restore', 'home/bad/a.txt', 'x'], 2, 'usage'],
    [['versions', 'label', 'home/bad/a.txt', '1'], 2, 'usage'],
    [['versions', 'label', 'home/bad/a.txt', '1', 'x'.repeat(300)], 1, 'invalid-request'],
    [['versions', 'get', 'home/bad/a.txt', '7'], 4, 'not-found'],
    [['ln', '-s', '', 'home/bad/l'], 2, 'usage'],
    [['ln', '-s', 'x'.repeat(5_000), 'home/bad/l'], 1, 'invalid-request'],
    [['set', 'home/bad/a.txt'], 2, 'usage'],
    [['set', '--mtime', 'yesterday', 'home/bad/a.txt'], 2, 'usage'],
    [['set', '--property', 'novalue', 'home/bad/a.txt'], 2, 'usage'],
    [['set', '--property', `k=${'x'.repeat(2_000)}`, 'home/bad/a.txt'], 1, 'invalid-request'],
    [['set', '--conflicts', 'manual', 'home/bad/a.txt'], 2, 'usage'],
    [['set', '--executable', 'home/bad/f'], 2, 'usage'],
  ] as const)('%j', (args, exit, code) => expectRefused(world, args, { exit, code }))
})
