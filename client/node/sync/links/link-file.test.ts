import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aLink } from '../../../../test/support/a-link.ts'
import { openLinkFile, type LinkFile } from './link-file.ts'

let dir: string
let file: LinkFile
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'bitvault-links-')), 'bitvault')
  file = openLinkFile(dir)
})
afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

const add = (over: Parameters<typeof aLink>[0] = {}) => file.update((links) => [...links, aLink(over)])
const id = (number: number): string => `01999999-0000-7000-8000-${String(number).padStart(12, '0')}`

describe('SY-2 the file of links', () => {
  test('is for its owner alone, and holds what it was given', async () => {
    expect(await file.list()).toEqual([])
    await add()
    expect(await openLinkFile(dir).list()).toEqual([aLink()])
    expect((await stat(file.path)).mode & 0o777).toBe(0o600)
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect(await readdir(dir)).toEqual(['sync-links.json'])
  })

  test('one is found, changed and forgotten; a list that was not changed is not written', async () => {
    await add()
    await add({ id: id(9), root: '/home/test/Other' })
    expect(await file.updateOne(id(9), (link) => ({ ...link, paused: true }))).toMatchObject({ paused: true })
    expect(await file.find(id(9))).toMatchObject({ paused: true })
    const mark = await file.mark()
    await file.update((links) => links)
    expect(await file.mark()).toBe(mark)
    expect(await file.updateOne(id(9), () => null)).toBe(null)
    expect(await file.mark()).not.toBe(mark)
    expect((await file.list()).map((link) => link.id)).toEqual([aLink().id])
    expect(await file.updateOne(id(9), (link) => link)).toBe(null)
  })

  test('of 30 that change it at once, none overwrites another', async () => {
    await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        openLinkFile(dir).update((links) => [...links, aLink({ id: id(at + 10), root: `/r/${at}` })]),
      ),
    )
    expect(await file.list()).toHaveLength(30)
  })

  test('what a change throws changes nothing', async () => {
    await add()
    await expect(
      file.update(() => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await file.list()).toHaveLength(1)
  })

  test('fields that a later version has added are kept, in the file, a link and what is not selected', async () => {
    const unselected = [{ id: id(5), name: 'raw', since: 7 }]
    const later = { version: 1, theme: 'dark', links: [{ ...aLink(), unselected, colour: 'blue' }] }
    await add()
    await writeFile(file.path, JSON.stringify(later))
    await file.updateOne(aLink().id, (link) => ({ ...link, paused: true }))
    expect(JSON.parse(await readFile(file.path, 'utf8'))).toMatchObject({
      theme: 'dark',
      links: [{ colour: 'blue', paused: true, unselected }],
    })
  })

  test.each([
    [
      'of a newer format',
      JSON.stringify({ version: 2, folders: [] }),
      { code: 'precondition-failed', facts: { found: 2 } },
    ],
    ['that is no JSON', '{"version":1', { code: 'internal' }],
    ['with a link that lacks its folder', '{"version":1,"links":[{"id":"x"}]}', { code: 'internal' }],
  ])('one %s is refused, and stays as it is', async (_, text, error) => {
    await add()
    await writeFile(file.path, text)
    await expect(file.list()).rejects.toMatchObject(error)
    await expect(add({ id: id(9) })).rejects.toMatchObject(error)
    expect(await readFile(file.path, 'utf8')).toBe(text)
  })
})
