import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeDiskWorld, type NodeDiskWorld } from '../../../../test/support/node-disk-world.ts'
import { lockRoot } from './root-lock.ts'

let world: NodeDiskWorld
let file: string
beforeEach(async () => {
  world = await nodeDiskWorld()
  file = join(world.root, '.bitvault', 'lock')
})
afterEach(() => world.close())

const owner = (over: object) =>
  writeFileSync(file, JSON.stringify({ host: hostname(), pid: 1, boot: null, started: null, token: 'x', ...over }))

test('RT-09: a second engine on the same root is refused, and told who has it', () => {
  const lock = lockRoot(world.root)
  expect(() => lockRoot(world.root)).toThrow(new RegExp(`process ${process.pid}`))
  lock.release()
  expect(existsSync(file)).toBe(false)
  lockRoot(world.root).release()
  expect(readdirSync(join(world.root, '.bitvault')).filter((name) => name.startsWith('lock'))).toEqual([])
})

test('RT-09: the lock of a process that is gone is taken over', () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  owner({ pid: gone })
  const lock = lockRoot(world.root)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid })
  lock.release()
})

test.runIf(process.platform === 'linux')(
  'RT-09: a process of before the restart, or one with a used number, is gone',
  () => {
    owner({ pid: process.pid, boot: 'another boot' })
    lockRoot(world.root).release()
    owner({ pid: process.pid, started: '1' })
    lockRoot(world.root).release()
  },
)

test('RT-09: the lock of another machine is never taken over', () => {
  owner({ host: 'elsewhere', pid: 999_999_999 })
  expect(() => lockRoot(world.root)).toThrow(/elsewhere/)
})

test('a lock that was taken over is not released by who lost it', () => {
  const lock = lockRoot(world.root)
  owner({ token: 'theirs' })
  lock.release()
  expect(existsSync(file)).toBe(true)
})

test('a lock that was away when it was released, and came back with its folder, is held by nobody', () => {
  const lock = lockRoot(world.root)
  const away = `${world.root} away`
  renameSync(world.root, away)
  lock.release()
  renameSync(away, world.root)
  lockRoot(world.root).release()
  expect(existsSync(file)).toBe(false)
})

test('RT-06: in a copy of the folder the lock is no lock', () => {
  const lock = lockRoot(world.root)
  const copy = `${world.root} copy`
  cpSync(world.root, copy, { recursive: true })
  lockRoot(copy).release()
  expect(() => lockRoot(world.root)).toThrow(new RegExp(`process ${process.pid}`))
  lock.release()
})
