import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../../../core/errors.ts'
import { FOLDER, mutationOf, nodeId, ROOT, settled } from '../../../../test/support/store-states.ts'
import type { SyncStore } from '../../../sync/ports.ts'
import { connect } from './connection.ts'
import { openSyncStore } from './open-store.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { sqliteStore, STORE_LIMITS } from './sqlite-store.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bitvault-store-'))
  path = join(folder, 'state', 'root.sqlite')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (root = ROOT) => openSyncStore({ path, root })
const fill = (store: SyncStore, count: number): void =>
  store.write((to) => {
    for (let i = 1; i <= count; i++) {
      const { remote, local, synced } = settled({ name: `name-${i}`, ino: i })
      to.setRemote(nodeId(i), remote)
      to.setLocal(nodeId(i), local)
      to.setSynced(nodeId(i), synced)
    }
  })
const codeOf = (work: () => unknown): unknown => {
  try {
    work()
    return 'nothing was thrown'
  } catch (error) {
    return error instanceof AppError ? error.code : error
  }
}

describe('RT-09 one process a store', () => {
  const importing = `import { openSyncStore } from ${JSON.stringify(join(import.meta.dirname, 'open-store.ts'))}`
  const other = (): string => {
    const code = `${importing}
      try { openSyncStore({ path: ${JSON.stringify(path)}, root: ${JSON.stringify(ROOT)} }); console.log('opened') }
      catch (error) { console.log(error.code, error.facts.owner, error.message) }`
    const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', code], { encoding: 'utf8' })
    return run.stdout.trim() || run.stderr
  }

  test('a second one is refused, and told who has it; after the first it may', () => {
    const { store } = open()
    expect(other()).toBe(`busy ${process.pid} this folder is being synced by process ${process.pid}`)
    expect(codeOf(open)).toBe('busy')
    expect(other()).toContain('busy') // the refused one did not take the lock away
    store.close()
    expect(other()).toBe('opened')
    open().store.close() // the other one ended without giving it back
  })

  test('others may not read it', () => {
    const { store } = open()
    for (const file of readdirSync(join(folder, 'state')))
      expect([file, statSync(join(folder, 'state', file)).mode & 0o077]).toEqual([file, 0])
    expect(statSync(join(folder, 'state')).mode & 0o077).toBe(0)
    store.close()
  })
})

describe('how the process before ended', () => {
  test('a store that was closed was stopped cleanly; one that was not, was not', () => {
    const first = open()
    expect(first).toMatchObject({ isNew: true, wasStoppedCleanly: true, setAside: null })
    first.store.close()
    const second = open()
    expect(second).toMatchObject({ isNew: false, wasStoppedCleanly: true })
    copyFileSync(path, join(folder, 'copy'))
    copyFileSync(`${path}-wal`, join(folder, 'copy-wal'))
    second.store.close()
    expect(openSyncStore({ path: join(folder, 'copy'), root: ROOT })).toMatchObject({ wasStoppedCleanly: false })
  })

  test('one that was abandoned was not, and is free for the next', () => {
    const first = open()
    fill(first.store, 2)
    first.abandon()
    const second = open()
    expect(second).toMatchObject({ isNew: false, wasStoppedCleanly: false })
    expect(second.store.counts().items).toBe(2)
    second.store.close()
    expect(open()).toMatchObject({ wasStoppedCleanly: true })
  })

  test('SV-11 a store of another root is refused, and stays as it is', () => {
    const { store } = open()
    fill(store, 1)
    store.close()
    expect(codeOf(() => open(nodeId(77)))).toBe('precondition-failed')
    const again = open()
    expect(again.store.counts().items).toBe(1)
    expect(again.wasStoppedCleanly).toBe(true)
    again.store.close()
  })
})

describe('DB-05 what was left in order', () => {
  const mark = (): string => `${path}-as-left`
  const hashNow = (): string => createHash('sha256').update(readFileSync(path)).digest('hex')

  test('is noted, and no more as soon as it is open', () => {
    const first = open()
    fill(first.store, 500)
    expect(existsSync(mark())).toBe(false)
    first.store.close()
    expect(readFileSync(mark(), 'utf8')).toBe(hashNow())
    const second = open()
    expect(existsSync(mark())).toBe(false)
    second.abandon()
    expect(existsSync(mark())).toBe(false)
  })

  test('is not checked page by page; what differs in one bit is', () => {
    loseOnePage()
    const checked = copyOf('checked')
    expect(openSyncStore({ path: checked, root: ROOT })).toMatchObject({ isNew: true })
    // As if it had been left like this: then nobody looks.
    writeFileSync(mark(), hashNow())
    expect(open()).toMatchObject({ isNew: false, setAside: null })
  })

  test('with a log beside it, it is not as it was left', () => {
    loseOnePage()
    writeFileSync(mark(), hashNow())
    writeFileSync(`${path}-wal`, 'something')
    expect(open()).toMatchObject({ isNew: true })
  })

  /** After an end in order. */
  const loseOnePage = (): void => {
    const { store } = open()
    fill(store, 2_000)
    store.close()
    const bytes = readFileSync(path)
    // Within the table, and none of those that are read when it is opened.
    bytes.fill(0, 25 * 4_096, 26 * 4_096)
    writeFileSync(path, bytes)
  }

  const copyOf = (name: string): string => {
    const copy = join(folder, name)
    copyFileSync(path, copy)
    copyFileSync(mark(), `${copy}-as-left`)
    return copy
  }
})

describe('DB-07, DB-05 what cannot be read', () => {
  const inFile = (sql: string): void => {
    const db = new DatabaseSync(path)
    db.exec(sql)
    db.close()
  }
  const closed = (count: number): void => {
    const { store } = open()
    fill(store, count)
    store.close()
  }

  test('a newer schema is refused, and not touched', () => {
    closed(3)
    inFile('pragma user_version = 99')
    expect(codeOf(open)).toBe('precondition-failed')
    inFile(`pragma user_version = ${SCHEMA_VERSION}`)
    const { store, wasStoppedCleanly } = open()
    expect([store.counts().items, wasStoppedCleanly]).toEqual([3, true])
    store.close()
  })

  test('an older schema is brought up: nothing is lost, and digests are remembered from then on', () => {
    closed(3)
    inFile('drop index item_folders; alter table item drop column l_digest; pragma user_version = 1')
    const { store, isNew, setAside } = open()
    expect({ isNew, setAside, items: store.counts().items }).toEqual({ isNew: false, setAside: null, items: 3 })
    const digest = (): (string | null)[] => Array.from(store.localIn(ROOT), ({ digest }) => digest)
    store.write((to) => to.setDigest(nodeId(1), 'x'))
    expect(digest().toSorted()).toEqual([null, null, 'x'].toSorted())
    store.write((to) => to.setLocal(nodeId(4), settled({ name: 'in-1', parent: nodeId(1) }).local))
    expect(digest()).toEqual([null, null, null])
    store.close()
    expect(open()).toMatchObject({ isNew: false, setAside: null })
  })

  test.for([
    { damage: 'a page of zeroes', at: 5, byte: () => 0 },
    { damage: 'a page of noise', at: 9, byte: (i: number) => (i * 131) & 0xff },
    { damage: 'no header', at: 0, byte: () => 0x55 },
  ])('$damage: set aside, never deleted, and begun anew', ({ at, byte }) => {
    closed(2_000)
    const bytes = readFileSync(path)
    for (let i = 0; i < 4_096; i++) bytes[at * 4_096 + i] = byte(i)
    writeFileSync(path, bytes)
    const opened = open()
    expect(opened).toMatchObject({ isNew: true, setAside: `${path}.damaged-1` })
    expect(readFileSync(opened.setAside!).equals(bytes)).toBe(true)
    expect(opened.store.counts().items).toBe(0)
    fill(opened.store, 1)
    opened.store.close()
    expect(open()).toMatchObject({ isNew: false, setAside: null })
  })

  test('a file of something else, cut short, or empty', () => {
    closed(500)
    const whole = readFileSync(path)
    writeFileSync(path, whole.subarray(0, whole.length - 3 * 4_096))
    expect(reopened()).toBe(`${path}.damaged-1`)
    writeFileSync(path, 'a letter to a friend')
    expect(reopened()).toBe(`${path}.damaged-2`)
    rmSync(path)
    inFile('create table other (x)')
    expect(reopened()).toBe(`${path}.damaged-3`)
    writeFileSync(path, '')
    expect(reopened()).toBeNull()
    expect(readdirSync(join(folder, 'state')).filter((name) => name.includes('damaged'))).toHaveLength(3)
  })
  const reopened = (): string | null => {
    const { store, setAside } = open()
    store.close()
    return setAside
  }

  test('a state that makes no sense is damage too: told at once, set aside at the next start', () => {
    closed(3)
    inFile(`update item set l_state = x'7f' where l_name = 'name-2'`)
    const { store } = open()
    expect(store.item(nodeId(1))).not.toBeNull()
    expect(codeOf(() => store.item(nodeId(2)))).toBe('internal')
    expect(codeOf(() => [...store.localIn(ROOT)])).toBe('internal')
    store.close()
    expect(open()).toMatchObject({ isNew: true, setAside: `${path}.damaged-1` })
  })

  test('hashes of names that other rules made are made anew', () => {
    closed(3)
    inFile(`update item set l_key = 1, r_key = 1; update note set value = '0/0' where key = 'alike'`)
    const { store } = open()
    expect(store.childNamed('local', ROOT, 'name-2')).toBe(nodeId(2))
    expect(store.childNamed('remote', ROOT, 'name-3')).toBe(nodeId(3))
    store.close()
  })
})

test('DK-04 a full disk is told as such: the write has done nothing, and later ones may go', () => {
  open().store.close()
  const db = connect(path)
  const limits = { ...STORE_LIMITS, changedRows: 100 }
  const store = sqliteStore(db, { root: ROOT, limits, onClose: () => db.close() })
  fill(store, 20)
  db.exec(`pragma max_page_count = ${1 + (db.prepare('pragma page_count').get()![0] as number)}`)
  expect(() => fill(store, 1_000)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
  expect([store.counts().items, [...store.children('local', ROOT)].length]).toEqual([20, 20])
  db.exec('pragma max_page_count = 100000')
  fill(store, 1_000)
  expect([store.counts().items, [...store.children('local', ROOT)].length]).toEqual([1_000, 1_000])
  store.close()
})

/** Long form: `BITVAULT_STORE_KILLS=100`. */
const KILLS = Number(process.env['BITVAULT_STORE_KILLS'] ?? 12)

test(
  'kill -9 among writes: what was said to be done is there, and each whole',
  { timeout: 60_000 + KILLS * 2_000 },
  async () => {
    let told = 0
    for (let kill = 0; kill < KILLS; kill++) {
      told = Math.max(told, await writeAndKill(1 + ((kill * 7) % 23)))
      const { store, wasStoppedCleanly, setAside } = open()
      expect([wasStoppedCleanly, setAside]).toEqual([false, null])
      expect(store.cursor().seen).toBeGreaterThanOrEqual(told)
      told = store.cursor().seen
      expectWhole(store, told)
      store.close()
    }
    expect(told).toBeGreaterThan(KILLS)
  },
)

/** @returns the last round that it said was done */
async function writeAndKill(rounds: number): Promise<number> {
  const program = join(import.meta.dirname, '../../../../test/support/store-writer.ts')
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  let last = 0
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    // It goes on writing meanwhile: where the signal meets it is anywhere.
    if (++lines === rounds) child.kill('SIGKILL')
  }
  await ended
  return last
}

/** What `test/support/store-writer.ts` has made after so many rounds. */
function expectWhole(store: SyncStore, rounds: number): void {
  let items = 0
  for (let round = 1; round <= rounds; round++) {
    const id = store.childNamed('local', ROOT, `d${round}`)!
    const isNode = round <= rounds - 5
    const item = store.item(id)!
    expect([item.pending?.mutation ?? null, item.synced?.content ?? null]).toEqual(
      isNode ? [null, FOLDER] : [mutationOf(round), null],
    )
    const children = [...store.children('local', id)]
    expect(children.length).toBe(round % 7)
    expect(children.every((child) => (store.item(child)!.blocked !== null) === isNode)).toBe(true)
    items += 1 + children.length
  }
  expect(store.counts().items).toBe(items)
  expect(store.cursor().cursor).toBe(`c${rounds}`)
  expect(store.meta('device')).toBe(store.childNamed('local', ROOT, `d${rounds}`))
}
