import { mkdir, realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXIT } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { nearest } from '../text/nearest.ts'
import type { World } from '../world.ts'

/** Without symbolic links, where it exists; as it is otherwise. */
export const realPathOf = (path: string): Promise<string> => realpath(path).catch(() => path)

/** @returns `null`: there is nothing of that name. @throws CliError `usage`: it is no folder */
export async function findLocalFolder(world: World, given: string): Promise<string | null> {
  const path = resolve(world.cwd, given)
  try {
    if (!(await stat(path)).isDirectory()) throw usageError(`${given} is a file: folders are kept in step`)
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

export async function makeLocalFolder(world: World, given: string): Promise<string> {
  const path = resolve(world.cwd, given)
  await mkdir(path, { recursive: true })
  return realpath(path)
}

/** The words after `bitvault sync` that are commands. */
export const SYNC_WORDS = [
  'status',
  'plan',
  'pause',
  'resume',
  'answer',
  'repair',
  'conflicts',
  'ignore',
  'select',
  'unselect',
  'doctor',
  'stop',
  'unlink',
  'service',
  'daemon',
] as const

export function noLocalFolder(given: string): CliError {
  const word = nearest(given, SYNC_WORDS)
  return new CliError({
    code: 'local-not-found',
    exit: EXIT.notFound,
    message: `there is no folder ${given} on this computer`,
    next:
      word === null
        ? 'It is made when you name a folder on the server that exists: bitvault sync <folder> <space/path>'
        : `Did you mean: bitvault sync ${word}`,
  })
}
