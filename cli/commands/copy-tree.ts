import type { Api } from '../../client/api.ts'
import { namespaceOf } from '../../client/namespace.ts'
import { AppError } from '../../core/errors.ts'
import { numberedName } from '../../core/names.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { nodeOf, resolvePath, settledOf } from '../remote.ts'
import { usageError } from '../failure.ts'
import type { Say } from '../say.ts'
import { nameTaken, onlyFilesAreReplaced, type IfExists } from './destination.ts'
import { eachAtOnce } from './each-at-once.ts'

/** Where a copy goes. `path` is that of the folder. */
export type CopyTarget = { folder: NodeStateWire; path: readonly string[]; name: string; ifExists: IfExists }

export type Copied =
  | { is: 'copied'; node: NodeStateWire; firstSeq: number; isBeside: boolean }
  /** The name was taken, and `ifExists` is `keep`. */
  | { is: 'kept' }

export type CopyOptions = {
  revision?: number
  /** So many requests were made so far; only where it takes more than one request. */
  onProgress: (requests: number, name: string) => void
  /** It failed or was stopped on the way: a part of the copy is there. */
  onPartial: (path: readonly string[]) => Promise<void>
}

/** Requests at once, of a tree that is copied in pieces. */
const AT_ONCE = 8
const NAMES_TRIED = 50

/**
 * Copies on the server: no byte comes or goes. A tree that is more than one request may copy is copied folder by folder; it then holds
 * each folder as it was when its turn came.
 * @throws CliError `name-taken`; AppError
 */
export async function copyTree(api: Api, node: NodeStateWire, to: CopyTarget, options: CopyOptions): Promise<Copied> {
  try {
    if (to.ifExists === 'replace') return await copyOver(api, node, to, options)
    return await copyWhole(api, node, to, options)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'name-taken') {
      if (to.ifExists === 'keep') return { is: 'kept' }
      throw nameTaken([...to.path, to.name].join('/'))
    }
    throw error
  }
}

async function copyWhole(api: Api, node: NodeStateWire, to: CopyTarget, options: CopyOptions): Promise<Copied> {
  try {
    const copied = settledOf(
      await namespaceOf(api).copy(node.id, {
        parent: to.folder.id,
        name: to.name,
        ifExists: to.ifExists === 'keep-both' ? 'keep-both' : 'fail',
        ...(options.revision === undefined ? {} : { revision: options.revision }),
      }),
    )
    return { is: 'copied', node: copied.node, firstSeq: copied.seq, isBeside: copied.notice === 'renamed' }
  } catch (error) {
    if (!isTooLarge(error) || node.kind !== 'folder') throw error
    return copyInPieces(api, node, to, options)
  }
}

/** Beside the one that is there, then into its place in one step: there is always a file of that name. */
async function copyOver(api: Api, node: NodeStateWire, to: CopyTarget, options: CopyOptions): Promise<Copied> {
  const { node: occupant } = await resolvePath(api, { segments: [...to.path, to.name], isFolder: false })
  if (occupant === null) return copyWhole(api, node, { ...to, ifExists: 'fail' }, options)
  const shown = [...to.path, to.name].join('/')
  if (occupant.id === node.id) throw usageError(`${shown} is itself what is copied`)
  if (occupant.kind === 'folder') throw onlyFilesAreReplaced(shown)
  const beside = await copyWhole(api, node, { ...to, ifExists: 'keep-both' }, options)
  if (beside.is === 'kept') return beside
  const namespace = namespaceOf(api)
  try {
    const moved = settledOf(
      await namespace.move(beside.node.id, { name: to.name, ifExists: 'replace', seen: occupant.changedSeq }),
    )
    return { is: 'copied', node: moved.node, firstSeq: beside.firstSeq, isBeside: false }
  } catch (error) {
    await namespace.trash(beside.node.id)
    throw error
  }
}

async function copyInPieces(api: Api, node: NodeStateWire, to: CopyTarget, options: CopyOptions): Promise<Copied> {
  await refuseInside(api, node, to.folder)
  const top = await makeAlike(api, node, to)
  try {
    await copyContents(api, { from: node.id, to: top.node }, options)
  } catch (error) {
    await options.onPartial([...to.path, top.node.name])
    throw error
  }
  return { is: 'copied', node: top.node, firstSeq: top.seq, isBeside: top.node.name !== to.name }
}

type Pair = { from: string; to: NodeStateWire }

async function copyContents(api: Api, top: Pair, options: CopyOptions): Promise<void> {
  const open = [top]
  let requests = 1
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const { from, to: into } = folder
    await eachAtOnce(api.children(from), AT_ONCE, async (child) => {
      options.onProgress(++requests, child.name)
      const made = await copyPiece(api, child, into)
      if (made !== null) open.push({ from: child.id, to: made })
    })
  }
}

/** @returns the folder whose contents are still to be copied */
async function copyPiece(api: Api, child: NodeStateWire, into: NodeStateWire): Promise<NodeStateWire | null> {
  try {
    nodeOf(await namespaceOf(api).copy(child.id, { parent: into.id, name: child.name }))
  } catch (error) {
    if (isTooLarge(error) && child.kind === 'folder')
      return (await makeAlike(api, child, { folder: into, name: child.name, ifExists: 'fail' })).node
    // Deleted since it was listed.
    if (!(error instanceof AppError) || !['not-found', 'in-trash'].includes(error.code)) throw error
  }
  return null
}

/** An empty folder with what the other one says about itself. */
async function makeAlike(
  api: Api,
  like: NodeStateWire,
  { folder, name, ifExists }: Pick<CopyTarget, 'folder' | 'name' | 'ifExists'>,
): Promise<{ node: NodeStateWire; seq: number }> {
  for (let number = 1; ; number++) {
    try {
      const wanted = number === 1 ? name : numberedName(name, number)
      const made = settledOf(await api.createFolder({ parent: folder.id, name: wanted, ifExists: 'fail' }))
      const { properties, conflictPolicy, mtimeNs } = like
      if (properties === null && conflictPolicy === null && mtimeNs === null) return made
      const attributes = { ...(properties === null ? {} : { properties }), conflictPolicy, mtimeNs }
      return { ...settledOf(await namespaceOf(api).setAttributes(made.node.id, attributes)), seq: made.seq }
    } catch (error) {
      const mayVary = ifExists === 'keep-both' && number < NAMES_TRIED
      if (!(error instanceof AppError) || error.code !== 'name-taken' || !mayVary) throw error
    }
  }
}

/** A copy in pieces would meet itself. */
async function refuseInside(api: Api, node: NodeStateWire, folder: NodeStateWire): Promise<void> {
  for (let at = folder; ; at = await api.stat(at.parentId)) {
    if (at.id === node.id) throw new AppError('would-cycle', { detail: 'a folder cannot be copied into itself' })
    if (at.parentId === null) return
  }
}

const isTooLarge = (error: unknown): boolean => error instanceof AppError && error.code === 'too-large'

/** Said whatever broke: somebody has to finish it or put it away. */
export const sayPartial =
  (say: Say) =>
  (path: readonly string[]): Promise<void> =>
    say.trouble(`${say.nameInNote(path.join('/'))}: holds what was copied until now`)
