import type { Api } from '../../client/api.ts'
import { namespaceOf } from '../../client/namespace.ts'
import { AppError } from '../../core/errors.ts'
import type { Call } from '../command.ts'
import { ask } from '../ask.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { showStatus } from '../progress/status.ts'
import { settledOf } from '../remote.ts'
import { formatRemotePath, parseRemotePath, type RemotePath } from '../remote-path.ts'
import type { Say } from '../say.ts'
import { parseDuration } from '../text/duration.ts'
import { headedTable } from '../text/headed.ts'
import { formatBytes, formatCount, formatTime } from '../text/quantity.ts'
import { whoBy, type Who } from '../who.ts'
import type { World } from '../world.ts'
import { eachAtOnce } from './each-at-once.ts'
import { trashedBelow, type Trashed } from './trash-places.ts'

/** Rows shown together: a trash of any size is never held whole. */
const ROWS = 500

export async function trash(call: Call, world: World): Promise<ExitCode> {
  const path = parseRemotePath(call.args[0] ?? '')
  return withConnection('trash', call, world, async ({ api }, say) => {
    const who = await whoBy(api)
    let rows: string[][] = []
    let count = 0
    const flush = async () => {
      await say.lines(
        headedTable(world, say, COLUMNS, rows).slice(count > rows.length && world.stdout.isTerminal ? 1 : 0),
      )
      rows = []
    }
    for await (const item of trashedBelow(api, path)) {
      await say.json({ path: formatRemotePath(item.segments), ...item.node })
      rows.push(rowOf(item, say, who))
      count++
      if (rows.length >= ROWS) await flush()
    }
    await flush()
    if (count === 0) await say.done(`Nothing is in the trash${path.segments.length > 1 ? ' of that place' : ''}.`)
    return EXIT.ok
  })
}

const COLUMNS = [
  ['deleted', 'left'],
  ['by', 'left'],
  ['size', 'right'],
  ['where it was', 'left'],
] as const

function rowOf({ node, segments }: Trashed, say: Say, who: Who): string[] {
  const path = say.name(formatRemotePath(segments))
  return [
    formatTime(node.trashedAt ?? node.changedAt),
    who(node.trashedBy),
    node.kind === 'folder' ? '–' : formatBytes(node.size ?? 0),
    node.kind === 'folder' ? `${say.paint('blue', path)}/` : path,
  ]
}

type EmptyOptions = { older: string | undefined; yes: boolean }

const AT_ONCE = 8

export async function trashEmpty(call: Call<EmptyOptions>, world: World): Promise<ExitCode> {
  const paths = (call.args.length === 0 ? [''] : call.args).map(parseRemotePath)
  const { older, yes } = call.options
  const before = older === undefined ? Infinity : world.now() - parseDuration(older, '--older')
  return withConnection('trash-empty', call, world, async ({ api }, say) => {
    const all = new Map<string, string>()
    for await (const item of each(paths, (path) => trashedBelow(api, path)))
      if ((item.node.trashedAt ?? 0) <= before) all.set(item.node.id, formatRemotePath(item.segments))
    if (all.size === 0) {
      await say.json({ event: 'summary', purged: 0 })
      await say.done('There is nothing to delete for good.')
      return EXIT.ok
    }
    const what = formatCount(all.size, 'thing')
    if (!yes && !(await ask(world, `Delete ${what} for good? It cannot be undone.`))) {
      await say.json({ event: 'summary', purged: 0 })
      await say.done('Nothing was deleted.')
      return EXIT.ok
    }
    const purged = await purgeAll(all)
    await say.json({ event: 'summary', purged })
    await say.done(`Deleted ${formatCount(purged, 'thing')} for good.`)
    return EXIT.ok

    async function purgeAll(ids: ReadonlyMap<string, string>): Promise<number> {
      const status = showStatus(world, say)
      const restored: string[] = []
      let [done, purged] = [0, 0]
      try {
        await eachAtOnce(values(ids), AT_ONCE, async ([id, path]) => {
          const outcome = await purge(api, id)
          await say.json({ path, outcome, id })
          if (outcome === 'purged') purged++
          if (outcome === 'restored') restored.push(path)
          status.update(`Deleting ${++done} of ${ids.size} · ${path}`)
        })
      } finally {
        await status.close()
      }
      for (const path of restored) await say.note(`${say.nameInNote(path)}: left alone, it was restored meanwhile`)
      return purged
    }
  })
}

/** Somebody else may have purged or restored it since the list was made: then there is nothing left to do. */
async function purge(api: Api, id: string): Promise<'purged' | 'gone' | 'restored'> {
  try {
    settledOf(await namespaceOf(api).purge(id))
    return 'purged'
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return 'gone'
    if (error instanceof AppError && error.code === 'version-conflict') return 'restored'
    throw error
  }
}

async function* each<T>(paths: readonly RemotePath[], list: (path: RemotePath) => AsyncIterable<T>): AsyncIterable<T> {
  for (const path of paths) yield* list(path)
}

async function* values(ids: ReadonlyMap<string, string>): AsyncIterable<[id: string, path: string]> {
  yield* ids
}
