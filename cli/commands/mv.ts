import type { Api } from '../../client/api.ts'
import { namespaceOf } from '../../client/namespace.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { showStatus, type Status } from '../progress/status.ts'
import { lookUp, resolvePath, settledOf } from '../remote.ts'
import { formatRemotePath, parseRemotePathBelowSpace, parseRemotePathInSpace } from '../remote-path.ts'
import type { Say } from '../say.ts'
import { quoteForShell } from '../text/quote.ts'
import type { World } from '../world.ts'
import { copyTree, sayPartial } from './copy-tree.ts'
import {
  ifExistsOf,
  nameTaken,
  onlyFilesAreReplaced,
  openDestination,
  type IfExists,
  type IfExistsOptions,
} from './destination.ts'
import { eachItem } from './each-item.ts'

export type GoingOptions = IfExistsOptions & { parents: boolean }

/** One thing on its way. `path` is that of the folder it goes into. */
type Going = {
  shown: string
  node: NodeStateWire
  folder: NodeStateWire
  path: readonly string[]
  name: string
  ifExists: IfExists
}
type Work = { api: Api; say: Say; status: Status }

/** Everything is looked up before the first is moved, so that a wrong name leaves nothing half done. */
export async function mv(call: Call<GoingOptions>, world: World): Promise<ExitCode> {
  const ifExists = ifExistsOf(call.options)
  const sources = call.args.slice(0, -1).map(parseRemotePathBelowSpace)
  const target = parseRemotePathInSpace(call.args.at(-1) ?? '')
  return withConnection('mv', call, world, async ({ api }, say) => {
    const found: { shown: string; node: NodeStateWire }[] = []
    for (const path of sources) found.push({ shown: formatRemotePath(path.segments), node: await lookUp(api, path) })
    const { parents } = call.options
    const { folder, path, as } = await openDestination(api, target, { isSeveral: found.length > 1, parents })
    const status = showStatus(world, say)
    try {
      return await eachItem(
        say,
        found.map((item): Going => ({ ...item, folder, path, name: as ?? item.node.name, ifExists })),
        (going) => moveOne({ api, say, status }, going),
      )
    } finally {
      await status.close()
    }
  })
}

async function moveOne(work: Work, going: Going): Promise<ExitCode | void> {
  if (going.node.spaceId !== going.folder.spaceId) return moveAcross(work, going)
  const { api, say } = work
  const { node, folder, path, name, ifExists } = going
  const to = formatRemotePath([...path, name])
  try {
    const { node: moved, original } = settledOf(
      await namespaceOf(api).move(node.id, {
        parent: folder.id,
        name,
        base: node.placementRevision,
        ...(await howToMove(api, going)),
      }),
    )
    const shownTo = formatRemotePath([...path, moved.name])
    await say.json({ from: going.shown, path: shownTo, outcome: 'moved', node: moved })
    await say.done(
      `Moved ${say.name(going.shown)} → ${say.name(shownTo)}${original === null ? '' : ' (that name was taken)'}`,
    )
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'name-taken') throw error
    if (ifExists !== 'keep') throw nameTaken(to)
    await sayKept(say, going)
  }
}

/** `replace` only what was seen: were it changed since, somebody's work would go with it. */
async function howToMove(api: Api, { node, path, name, ifExists }: Going) {
  if (ifExists === 'keep-both') return { ifExists }
  if (ifExists !== 'replace') return {}
  const { node: occupant } = await resolvePath(api, { segments: [...path, name], isFolder: false })
  if (occupant === null || occupant.id === node.id) return {}
  if (occupant.kind === 'folder') throw onlyFilesAreReplaced(formatRemotePath([...path, name]))
  return { ifExists, seen: occupant.changedSeq }
}

const sayKept = async (say: Say, { shown, path, name }: Going): Promise<void> => {
  const to = formatRemotePath([...path, name])
  await say.json({ from: shown, path: to, outcome: 'kept' })
  await say.note(`${say.nameInNote(shown)}: left alone, ${say.nameInNote(to)} is there already`)
}

/** Rights and retention are a space's own: so it is a copy there, then the trash here. Earlier versions stay with the one in the trash. */
async function moveAcross({ api, say, status }: Work, going: Going): Promise<ExitCode | void> {
  const { node, folder, path, name, ifExists } = going
  const isFolder = node.kind === 'folder'
  const copied = await copyTree(
    api,
    node,
    { folder, path, name, ifExists },
    {
      ...(isFolder ? {} : { revision: node.contentRevision }),
      onProgress: (requests, at) => status.update(`Copying ${going.shown}: ${requests} so far · ${at}`),
      onPartial: sayPartial(say),
    },
  )
  if (copied.is === 'kept') return sayKept(say, going)
  const to = formatRemotePath([...path, copied.node.name])
  // What came into the folder after its copy began was not copied for sure: it stays.
  const seen = isFolder ? { seen: copied.firstSeq } : { base: node.contentRevision }
  const trashed = await namespaceOf(api)
    .trash(node.id, seen)
    .then(settledOf, (error: unknown) => {
      throw error instanceof AppError ? stayed(going, to, error) : error
    })
  const hasRest = trashed.original !== null
  await say.json({ from: going.shown, path: to, outcome: 'copied', trashed: !hasRest, node: copied.node })
  await say.done(`Moved ${say.name(going.shown)} → ${say.name(to)} (copied there, and deleted here)`)
  if (!hasRest) return
  await say.trouble(`${say.nameInNote(going.shown)}: what changed in it meanwhile was left there`)
  return EXIT.conflict
}

const stayed = ({ shown, node }: Going, to: string, cause: AppError): CliError =>
  new CliError(
    {
      code: cause.code,
      exit: EXIT.conflict,
      message: `${shown} was copied to ${to}, but it could not be deleted (${cause.facts.detail ?? cause.code}): both are there`,
      next: `Look at both; then: bitvault rm ${node.kind === 'folder' ? '-r ' : ''}${quoteForShell(shown)}`,
    },
    { cause },
  )
