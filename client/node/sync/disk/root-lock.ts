import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { AppError } from '../../../../core/errors.ts'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { isProcessAlive } from '../../file-lock.ts'
import { inside, openRoot } from './root.ts'
import { codeOf } from './system-error.ts'

/**
 * `boot` and `started` tell a process from a later one with its number; `null` where the system does not say. `folder` is the inode of the root: in a copy of it
 * the lock is no lock.
 */
type Owner = {
  host: string
  pid: number
  boot: string | null
  started: string | null
  token: string
  folder?: number
}

/** By this process, now. A lock that went away with its folder, and came back with it, is held by nobody. */
const held = new Set<string>()

/**
 * One engine works on a root at a time (RT-09). The lock of a process that is gone is taken over; that of another machine, which may see the same folder
 * over the network, never.
 * @param path the root; its marker was written before
 * @throws `AppError busy` when another engine holds it
 */
export function lockRoot(path: string): { release(): void } {
  const root = openRoot(path)
  const file = inside(root, `${OWN_FOLDER}/lock`)
  const me: Owner = {
    host: hostname(),
    pid: process.pid,
    ...lifeOf(process.pid),
    token: randomBytes(8).toString('hex'),
    folder: root.ino,
  }
  const mine = `${file}.${me.token}`
  writeFileSync(mine, JSON.stringify(me), { flag: 'wx', mode: 0o600 })
  try {
    if (!tryName(mine, file)) {
      removeDead(file, root.ino)
      if (!tryName(mine, file)) throw heldBy(readOwner(file))
    }
  } finally {
    rmSync(mine, { force: true })
  }
  held.add(me.token)
  return {
    release: () => {
      held.delete(me.token)
      if (readOwner(file)?.token === me.token) rmSync(file, { force: true })
    },
  }
}

const heldBy = (owner: Owner | null): AppError =>
  new AppError('busy', {
    detail:
      owner === null
        ? 'another program has just locked this folder'
        : `this folder is synced by process ${owner.pid} on ${owner.host}`,
  })

/** A lock appears with its owner in it, or not at all. */
function tryName(mine: string, file: string): boolean {
  try {
    linkSync(mine, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error) ?? '')) throw error
  }
  try {
    writeFileSync(file, readFileSync(mine), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Moved aside and looked at again: between our look and the removal another engine may have taken it over. */
function removeDead(file: string, folder: number): void {
  const owner = readOwner(file)
  if (owner === null || !isDead(owner, folder)) throw heldBy(owner)
  const aside = `${file}.${randomBytes(8).toString('hex')}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  const removed = readOwner(aside)
  if (removed?.token !== owner.token) tryName(aside, file)
  rmSync(aside, { force: true })
}

function isDead(owner: Owner, folder: number): boolean {
  if (owner.host !== hostname()) return false
  if (owner.folder !== undefined && owner.folder !== folder) return true
  const now = lifeOf(owner.pid)
  if (owner.boot !== null && now.boot !== null && owner.boot !== now.boot) return true
  if (!isProcessAlive(owner.pid)) return true
  if (owner.pid === process.pid && owner.started === now.started) return !held.has(owner.token)
  return owner.started !== null && now.started !== null && owner.started !== now.started
}

function lifeOf(pid: number): { boot: string | null; started: string | null } {
  if (process.platform !== 'linux') return { boot: null, started: null }
  const boot = bootId()
  // Field 22; the second one is a name in parentheses, which may hold spaces.
  const started = readText(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')[19] ?? null
  return { boot, started }
}

/** Which start of the machine this is; `null`: the system does not say. */
export const bootId = (): string | null => readText('/proc/sys/kernel/random/boot_id')?.trim() ?? null

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** `null`: there is none, or none that we understand, which is then nobody's to remove but a person's. */
function readOwner(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner
  } catch {
    return null
  }
}
