import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../core/errors.ts'

const WAIT_MS = 60_000
const POLL_MS = 25
/** Longer than any holder works: a refresh gives up after 30 s. */
const STALE_MS = 90_000

/**
 * Runs `work` while this process alone holds the lock file. A lock left by a process that died (its id is in the file) or that is
 * older than 90 s is taken over.
 * @throws AppError `busy` when the lock stays held for 60 s
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const owner = `${process.pid} ${randomBytes(8).toString('hex')}`
  const deadline = performance.now() + WAIT_MS
  while (!(await tryTake(path, owner))) {
    if (performance.now() > deadline) throw new AppError('busy', { detail: `${path} is held by another process` })
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    if ((await readOwner(path)) === owner) await rm(path, { force: true })
  }
}

async function tryTake(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const stale = await staleOwner(path)
  if (stale !== null) await removeStale(path, stale)
  return false
}

/** The owner text of a lock that nobody works under any more, or `null`. */
async function staleOwner(path: string): Promise<string | null> {
  try {
    const owner = await readFile(path, 'utf8')
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > STALE_MS) return owner
    const pid = Number(owner.split(' ')[0])
    return Number.isInteger(pid) && pid > 0 && !isProcessAlive(pid) ? owner : null
  } catch {
    return null
  }
}

/** Moved aside and looked at again: between our look and the removal another process may have taken the lock over. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await rename(path, aside)
    if ((await readOwner(aside)) !== stale) await link(aside, path)
  } catch {
    // Somebody else moved it, or holds the lock by now.
  }
  await rm(aside, { force: true })
}

const readOwner = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null)

export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
