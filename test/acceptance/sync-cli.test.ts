import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openSyncWorld, WITHIN, type Computer, type SyncWorld } from './sync-cli-support.ts'

/** The sync client as people run it: processes of their own, homes of their own, the real server. */
let world: SyncWorld
let a: Computer
let b: Computer
let place: string
let count = 0

beforeAll(async () => {
  world = await openSyncWorld()
  a = await world.computer()
  b = await world.computer()
})
afterAll(() => world?.end())
beforeEach(() => void (place = `home/place ${++count}`))

describe('bitvault sync --once', () => {
  test('links, sends and fetches, and ends when both are the same', async () => {
    await a.write(`one ${count}/d/f.txt`, 'from a')
    const first = await a.run(['sync', '--once', `one ${count}`, place])
    expect(first.out).toContain(`Linked ${a.at(`one ${count}`)} to ${place}.`)
    await b.run(['sync', '--once', `two ${count}`, place])
    expect(await b.tree(`two ${count}`)).toEqual({ 'd/f.txt': 'from a' })
    await b.write(`two ${count}/g.txt`, 'from b')
    await b.run(['sync', '--once', `two ${count}`])
    await a.run(['sync', '--once', `one ${count}`])
    expect(await a.tree(`one ${count}`)).toEqual({ 'd/f.txt': 'from a', 'g.txt': 'from b' })
  })
})

describe('bitvault sync', () => {
  test('keeps two computers in step until Ctrl-C', async () => {
    const [one, two] = [`one ${count}`, `two ${count}`]
    await a.write(`${one}/f`, 'one')
    const here = a.start('sync', one, place)
    await here.until('up-to-date')
    const there = b.start('sync', two, place)
    await there.until('up-to-date')
    expect(await b.tree(two)).toEqual({ f: 'one' })
    await b.write(`${two}/f`, 'two')
    await expect.poll(() => a.tree(one), WITHIN).toEqual({ f: 'two' })
    expect(await here.stop()).toMatchObject({ exit: 130 })
    expect(await there.stop()).toMatchObject({ exit: 130 })
  })
})

describe('bitvault sync daemon', () => {
  test('works on all links, takes up new ones, and stops cleanly', async () => {
    const [one, two] = [`one ${count}`, `two ${count}`]
    await a.write(`${one}/f`, 'one')
    await a.run(['sync', '--once', one, place])
    const daemon = a.start('sync', 'daemon')
    await b.run(['sync', '--once', two, place])
    await b.write(`${two}/g`, 'two')
    await b.run(['sync', '--once', two, place])
    await expect.poll(() => a.tree(one), WITHIN).toEqual({ f: 'one', g: 'two' })
    expect(await daemon.stop('SIGTERM')).toMatchObject({ exit: 0 })
  })
})
