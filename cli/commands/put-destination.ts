import { realpath, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Api } from '../../client/api.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { createFolderChain, resolvePath } from '../remote.ts'
import { joinRemotePath, type RemotePath } from '../remote-path.ts'

/** Something named on the command line. `name: null` = its contents only, as in `put . home/backup/`. */
export type Source = { path: string; name: string | null; kind: 'file' | 'folder' }

/** Throws the system's error when one does not exist: before anything is sent. A link named here is followed. */
export const findSources = (paths: readonly string[], cwd: string): Promise<Source[]> =>
  Promise.all(
    paths.map(async (given) => {
      const named = resolve(cwd, given)
      const path = await realpath(named)
      const kind = (await stat(path)).isDirectory() ? ('folder' as const) : ('file' as const)
      return { path, kind, name: /(^|[/\\])\.{1,2}[/\\]*$/.test(given) ? null : basename(named) }
    }),
  )

/**
 * Where the sources go: into a folder that exists or is written with a slash at the end; otherwise the last name is the new name
 * of a single file. Missing folders are made. Folders always go into the destination: were the first of them renamed, as
 * `cp -r` does, the same command would do something else the second time, and an interrupted put could not be taken up.
 * @returns `as`: the new name, or `null` where each keeps its own
 */
export async function openDestination(
  api: Api,
  path: RemotePath,
  sources: readonly Source[],
): Promise<{ folder: NodeStateWire; as: string | null }> {
  const found = await resolvePath(api, path)
  if (found.node?.kind === 'folder') return { folder: found.node, as: null }
  const mustBeFolder = path.isFolder || sources.length !== 1 || sources[0]?.kind === 'folder'
  if (found.node !== null) {
    if (mustBeFolder) throw new AppError('not-a-folder', { detail: `${joinRemotePath(path)} is a file` })
    return { folder: await api.stat(found.node.parentId ?? found.space.rootId), as: found.node.name }
  }
  const missing = mustBeFolder ? found.rest : found.rest.slice(0, -1)
  const made = missing.length === 0 ? [] : await createFolderChain(api, found.deepest.id, missing)
  return { folder: made.at(-1) ?? found.deepest, as: mustBeFolder ? null : (found.rest.at(-1) ?? null) }
}
