import { mkdir, realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EXIT } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
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

export const noLocalFolder = (given: string): CliError =>
  new CliError({
    code: 'local-not-found',
    exit: EXIT.notFound,
    message: `there is no folder ${given} on this computer`,
    next: 'It is made when you name a folder on the server that exists: bitvault sync <folder> <space/path>',
  })
