import { randomBytes } from 'node:crypto'
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'

/** What stands at `path`, next to the link that would come there. Nothing is followed. */
export async function presentLink(path: string, target: string): Promise<'nothing' | 'same' | 'different'> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found === null) return 'nothing'
  if (found.isDirectory()) {
    const message = `${path} is a folder, and a link has to go there`
    throw new CliError({ code: 'local-name-taken', exit: EXIT.failed, message })
  }
  return found.isSymbolicLink() && (await readlink(path)) === target ? 'same' : 'different'
}

/**
 * Whether a link at `path` leads to a place inside `folder`, also through other links of which that is true. By its text alone: a target is
 * somebody else's word, and one that leads out would let whatever writes through it later write anywhere (T15). So `..` may stand at
 * the beginning only, where it goes up real folders; behind a name it could go up from where another link has led.
 */
export function pointsInside(folder: string, path: string, target: string): boolean {
  if (isAbsolute(target) || target.includes('\\')) return false
  const steps = target.split('/').filter((step) => step !== '' && step !== '.')
  const firstName = steps.findIndex((step) => step !== '..')
  if (firstName >= 0 && steps.indexOf('..', firstName) >= 0) return false
  const way = relative(folder, resolve(dirname(path), target))
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Puts the link in its place as a whole: an old file or link stays until then, and is never written through. */
export async function placeLink(path: string, target: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 20)}-${randomBytes(6).toString('hex')}.part`)
  await symlink(target, temporary)
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
