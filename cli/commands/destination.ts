import type { Api } from '../../client/api.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { createFolderChain, resolvePath } from '../remote.ts'
import { formatRemotePath, joinRemotePath, type RemotePath } from '../remote-path.ts'
import { quoteForShell } from '../text/quote.ts'

/** Where something goes on the server: into `folder`, under its own name or as `as`. */
export type Destination = { folder: NodeStateWire; path: readonly string[]; as: string | null }

/**
 * As mv and cp understand it: a folder that exists takes each thing under its own name; otherwise the last name is the new one of a
 * single thing.
 * @param parents make the folders that are missing; left out by a command that never does
 * @throws CliError `not-found`, `usage`; AppError `not-a-folder`
 */
export async function openDestination(
  api: Api,
  path: RemotePath,
  { isSeveral, parents }: { isSeveral: boolean; parents?: boolean },
): Promise<Destination> {
  const found = await resolvePath(api, path)
  const shown = joinRemotePath(path)
  if (found.node?.kind === 'folder') return { folder: found.node, path: path.segments, as: null }
  const mustBeFolder = path.isFolder || isSeveral
  if (found.node !== null && mustBeFolder) throw new AppError('not-a-folder', { detail: `${shown} is a file` })
  const missing = mustBeFolder ? found.rest : found.rest.slice(0, -1)
  if (found.node === null && missing.length > 0 && !parents) {
    const there = path.segments.slice(0, path.segments.length - found.rest.length)
    const first = formatRemotePath([...there, ...missing.slice(0, 1)])
    throw noFolder(
      first,
      parents === undefined ? `Make it first: bitvault mkdir ${quoteForShell(first)}` : 'With -p it is made.',
    )
  }
  if (mustBeFolder) return { folder: await makeBelow(api, found.deepest, missing), path: path.segments, as: null }
  const as = path.segments.at(-1)
  if (as === undefined || path.segments.length < 2) throw usageError('a path begins with a space, as in home/photos')
  const folder =
    found.node === null
      ? await makeBelow(api, found.deepest, missing)
      : await api.stat(found.node.parentId ?? found.space.rootId)
  return { folder, path: path.segments.slice(0, -1), as }
}

const makeBelow = async (api: Api, deepest: NodeStateWire, names: readonly string[]): Promise<NodeStateWire> => {
  if (deepest.kind !== 'folder') throw new AppError('not-a-folder', { detail: `${deepest.name} is a file` })
  return names.length === 0 ? deepest : ((await createFolderChain(api, deepest.id, names)).at(-1) ?? deepest)
}

const noFolder = (shown: string, next: string): CliError =>
  new CliError({ code: 'not-found', exit: EXIT.notFound, message: `there is no folder ${shown}`, next })

export type IfExists = 'fail' | 'keep' | 'keep-both' | 'replace'
export type IfExistsOptions = { 'no-clobber': boolean; 'keep-both': boolean; replace: boolean }

/** What to do about a name that is taken. @throws CliError `usage`: two ways were named for one thing */
export function ifExistsOf(options: IfExistsOptions): IfExists {
  const named = (['no-clobber', 'keep-both', 'replace'] as const).filter((name) => options[name])
  if (named.length > 1) throw usageError(`--${named[0]} and --${named[1]} are two ways for one thing: choose one`)
  if (named[0] === undefined) return 'fail'
  return named[0] === 'no-clobber' ? 'keep' : named[0]
}

/** @param next what else could be done about it */
export const nameTaken = (
  shown: string,
  next = '--keep-both gives it another name, --replace puts the one there into the trash.',
): CliError => new CliError({ code: 'name-taken', exit: EXIT.failed, message: `${shown} is there already`, next })

export const onlyFilesAreReplaced = (shown: string): CliError =>
  new CliError({
    code: 'name-taken',
    exit: EXIT.failed,
    message: `${shown} is there already, and it is a folder: only files are replaced`,
    next: `Delete or move it first: bitvault rm -r ${quoteForShell(shown)}`,
  })
