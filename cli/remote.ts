import type { Api } from '../client/api.ts'
import { AppError, ERROR_CODES, type ErrorCode } from '../core/errors.ts'
import type { MutationResult, NodeStateWire, ResolveReply } from '../protocol/files.ts'
import { EXIT } from './exit-codes.ts'
import { CliError } from './failure.ts'
import { formatRemotePath, joinRemotePath, type RemotePath } from './remote-path.ts'
import { quoteForShell } from './text/quote.ts'

/** The path as the server knows it. Throws `CliError` when its space does not exist. */
export async function resolvePath(api: Api, path: RemotePath): Promise<ResolveReply> {
  try {
    return await api.resolve(joinRemotePath(path))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not-found') throw error
    throw notThere(`there is no space “${path.segments[0]}”, or it is not yours to see`, 'bitvault spaces lists yours.')
  }
}

/** What stands at `path`. Throws `CliError` (`not-found`) that says how far the path goes. */
export async function lookUp(api: Api, path: RemotePath): Promise<NodeStateWire> {
  const found = await resolvePath(api, path)
  if (found.node === null) {
    const there = path.segments.slice(0, path.segments.length - found.rest.length)
    const folder = formatRemotePath(there)
    throw notThere(
      `${joinRemotePath(path)} does not exist: ${folder} has no “${found.rest[0]}”`,
      `Look with: bitvault ls ${quoteForShell(folder)}`,
    )
  }
  if (path.isFolder && found.node.kind !== 'folder')
    throw new AppError('not-a-folder', { detail: `${joinRemotePath(path)} is a ${found.node.kind}` })
  return found.node
}

const notThere = (message: string, next: string): CliError =>
  new CliError({ code: 'not-found', exit: EXIT.notFound, message, next })

/** Makes `names` inside each other below `parent`, as `mkdir -p`; a folder that is there already is taken. The last is the deepest. */
export async function createFolderChain(api: Api, parent: string, names: readonly string[]): Promise<NodeStateWire[]> {
  const folders = names.map((name, at) => ({
    mutationId: api.newMutationId(),
    parent: at === 0 ? parent : { created: at - 1 },
    name,
    ifExists: 'keep' as const,
  }))
  return (await api.createFolders({ folders })).map(nodeOf)
}

/** The node that a mutation left. Throws `AppError` where it was rejected. */
export function nodeOf(result: MutationResult): NodeStateWire {
  if (result.outcome !== 'rejected') return result.node
  const { code, status: _status, ...facts } = result.problem
  throw new AppError(asErrorCode(code), facts)
}

export type Notice = NonNullable<(MutationResult & { outcome: 'applied' })['notice']>

/** What a mutation came to. */
export type Settled = {
  node: NodeStateWire
  seq: number
  notice: Notice | null
  /** Both were kept: beside this one, whose name or content was there. */
  original: string | null
}

/** Throws `AppError` where it was rejected. */
export function settledOf(result: MutationResult): Settled {
  const node = nodeOf(result)
  if (result.outcome === 'applied') return { node, seq: result.seq, notice: result.notice ?? null, original: null }
  if (result.outcome === 'conflict') return { node, seq: result.seq, notice: null, original: result.original }
  throw new AppError('internal')
}

const KNOWN: ReadonlySet<string> = new Set(ERROR_CODES)
const asErrorCode = (code: string): ErrorCode => (KNOWN.has(code) ? (code as ErrorCode) : 'internal')
