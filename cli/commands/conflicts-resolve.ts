import { lstat, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Api } from '../../client/api.ts'
import { namespaceOf, type Choice } from '../../client/namespace.ts'
import { nodeFileSource } from '../../client/node/file-source.ts'
import type { FileOutcome, UploadItem } from '../../client/transfer/events.ts'
import { uploadTree } from '../../client/transfer/upload.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { ConflictWire } from '../../protocol/mutations.ts'
import type { Call } from '../command.ts'
import { withConnection, type Connection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { settledOf } from '../remote.ts'
import { createPathFinder } from '../remote-place.ts'
import { formatRemotePath } from '../remote-path.ts'
import type { World } from '../world.ts'
import { findConflict, parseConflictName } from './find-conflict.ts'
import { rejectionFailure } from './put-rejection.ts'

type ResolveOptions = { mine: boolean; theirs: boolean; both: boolean; merged: string | undefined }

export async function conflictsResolve(call: Call<ResolveOptions>, world: World): Promise<ExitCode> {
  const choice = choiceOf(call.options)
  const named = await parseConflictName(call.args[0] ?? '', world)
  const merged = call.options.merged === undefined ? null : await openMerged(world, call.options.merged)
  return withConnection('conflicts-resolve', call, world, async (connection, say) => {
    const { api } = connection
    const conflict = await findConflict(api, named)
    if (conflict.resolution !== null && conflict.resolution !== choice) throw endedOtherwise(conflict)
    const original =
      merged === null || conflict.resolution !== null
        ? conflict.original
        : await sendMerged(connection, conflict.original, merged)
    const base = original.contentRevision
    const resolved = settledOf(await namespaceOf(api).resolveConflict(conflict.id, choice, base))
    const place = formatRemotePath(await createPathFinder(api).of(resolved.node))
    await say.json({ id: conflict.id, resolution: choice, path: place, node: resolved.node })
    await say.done(`${say.name(place)}: ${describe(choice, conflict)}`)
    return EXIT.ok
  })
}

function describe(choice: Choice, { copy }: ConflictWire): string {
  switch (choice) {
    case 'mine':
      return 'what came second is the newest version now; what was there is an earlier one'
    case 'theirs':
      return `what was there stays; what came second is ${copy === null ? 'held with the conflict' : 'in the trash'}`
    case 'both':
      return 'both are kept, side by side'
    case 'merged':
      return 'your merged file is the newest version now'
  }
}

/** Throws a usage error unless exactly one way is named. */
function choiceOf(options: ResolveOptions): Choice {
  const named = (['mine', 'theirs', 'both', 'merged'] as const).filter(
    (choice) => options[choice] !== false && options[choice] !== undefined,
  )
  if (named.length === 1 && named[0] !== undefined) return named[0]
  throw usageError(
    named.length === 0
      ? 'say how it ends: --mine, --theirs, --both or --merged <file>'
      : `--${named.join(' and --')} cannot both be: choose one`,
  )
}

const endedOtherwise = ({ resolution }: ConflictWire): CliError =>
  new CliError({
    code: 'version-conflict',
    exit: EXIT.conflict,
    message: `this conflict was ended already, with “${resolution}”`,
    next: 'Earlier versions and the trash still hold the other side.',
  })

type Merged = Pick<UploadItem, 'path' | 'sizeBytes' | 'mtimeNs' | 'executable'>

/** Before anything is asked of the server. Throws the system's error when it is not there. */
async function openMerged(world: World, given: string): Promise<Merged> {
  const path = await realpath(resolve(world.cwd, given))
  const stats = await lstat(path, { bigint: true })
  if (!stats.isFile()) throw usageError(`${given} is not a file`)
  const executable = world.platform !== 'win32' && (stats.mode & 0o100n) !== 0n
  return { path, sizeBytes: Number(stats.size), mtimeNs: stats.mtimeNs.toString(), executable }
}

async function sendMerged(
  { api, patientApi }: Pick<Connection, 'api' | 'patientApi'>,
  original: NodeStateWire,
  merged: Merged,
): Promise<NodeStateWire> {
  const item: UploadItem = { ...merged, target: { node: original.id }, base: original.contentRevision }
  for await (const event of uploadTree(patientApi, once(item), { files: nodeFileSource }))
    if (event.kind === 'file') return written(api, event.outcome)
  throw new AppError('internal', { detail: 'the upload gave no result' })
}

async function* once<T>(item: T): AsyncIterable<T> {
  yield item
}

async function written(api: Api, outcome: FileOutcome): Promise<NodeStateWire> {
  switch (outcome.is) {
    case 'applied':
      return outcome.node
    case 'unchanged':
      return api.stat(outcome.nodeId)
    case 'conflict':
      throw new CliError({
        code: 'version-conflict',
        exit: EXIT.conflict,
        message: `it was changed again meanwhile: your merged file is a copy beside it, ${outcome.node.name}`,
        next: 'Merge once more; the conflict is still open.',
      })
    case 'busy':
      throw new CliError({ code: 'busy', exit: EXIT.failed, message: 'the file kept changing while it was read' })
    case 'rejected': {
      const { code, exit, sentence } = rejectionFailure(outcome)
      throw new CliError({ code, exit, message: sentence })
    }
    case 'failed':
      throw outcome.error
  }
}
