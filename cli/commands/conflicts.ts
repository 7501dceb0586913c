import type { Api } from '../../client/api.ts'
import { namespaceOf } from '../../client/namespace.ts'
import { nodeFileTarget } from '../../client/node/file-target.ts'
import { downloadFile } from '../../client/transfer/download.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatRemotePath, parseRemotePath } from '../remote-path.ts'
import { formatBytes, formatCount } from '../text/quantity.ts'
import { whoBy } from '../who.ts'
import type { World } from '../world.ts'
import { choiceLines, conflictLines } from './conflict-lines.ts'
import { findConflict, parseConflictName, placeOf } from './find-conflict.ts'
import { isSameContent } from './local-place.ts'
import { findSpace } from './trash-places.ts'
import { localExists, placeFor } from './versions.ts'
import { basename } from 'node:path'

export async function conflicts(call: Call<{ all: boolean }>, world: World): Promise<ExitCode> {
  const [spaceName] = parseRemotePath(call.args[0] ?? '').segments
  const { all } = call.options
  return withConnection('conflicts', call, world, async ({ api }, say) => {
    const who = await whoBy(api)
    const names = await spaceNames(api)
    const of = spaceName === undefined ? {} : { space: (await findSpace(api, spaceName)).id }
    let count = 0
    for await (const conflict of namespaceOf(api).conflicts({ ...of, state: all ? 'all' : 'open' })) {
      const name = names.get(conflict.spaceId) ?? '…'
      await say.json({ place: formatRemotePath(placeOf(conflict, name)), ...conflict })
      await say.lines([...(count === 0 ? [] : ['']), ...conflictLines(conflict, name, say, who)])
      count++
    }
    if (count === 0) await say.done(all ? 'There have been no conflicts.' : 'There are no conflicts.')
    else if (!all)
      await say.note(
        say.paintNote(
          'dim',
          `\n${formatCount(count, 'conflict')}. End one: bitvault conflicts resolve <path|id>\n  --mine | --theirs | --both | --merged <file>`,
        ),
      )
    return EXIT.ok
  })
}

const spaceNames = async (api: Api): Promise<Map<string, string>> =>
  new Map((await api.spaces()).map((space) => [space.id, space.name]))

export async function conflictsShow(call: Call, world: World): Promise<ExitCode> {
  const named = await parseConflictName(call.args[0] ?? '', world)
  return withConnection('conflicts-show', call, world, async ({ api }, say) => {
    const conflict = await findConflict(api, named)
    const name = (await spaceNames(api)).get(conflict.spaceId) ?? '…'
    const place = formatRemotePath(placeOf(conflict, name))
    await say.json({ place, ...conflict })
    await say.lines(conflictLines(conflict, name, say, await whoBy(api)))
    if (conflict.resolution !== null) return EXIT.ok
    await say.note(say.paintNote('dim', ['', ...choiceLines(conflict)].join('\n')))
    return EXIT.ok
  })
}

type GetOptions = { output: string | undefined; force: boolean }

/** What came second, also where only the conflict holds it: so that the two can be merged. */
export async function conflictsGet(call: Call<GetOptions>, world: World): Promise<ExitCode> {
  const named = await parseConflictName(call.args[0] ?? '', world)
  return withConnection('conflicts-get', call, world, async ({ api, patientApi }, say) => {
    const conflict = await findConflict(api, named)
    const to = await placeFor(world, call.options.output, conflict.copy?.name ?? `${conflict.original.name}.mine`)
    const present = await isSameContent(to, conflict.mine)
    if (present === 'different' && !call.options.force) throw localExists(to)
    if (present !== 'same')
      await downloadFile(contentOfConflicts(patientApi), conflict.id, {
        target: nodeFileTarget(to),
        signal: world.signal,
      })
    await say.json({ path: to, outcome: present === 'same' ? 'unchanged' : 'fetched', id: conflict.id })
    await say.done(`${say.name(basename(to))}: ${formatBytes(conflict.mine.size ?? 0)}`)
    return EXIT.ok
  })
}

/** The download takes the id of a conflict for that of a file. */
const contentOfConflicts = (api: Api): Api => ({
  ...api,
  content: (id, { from } = {}) => namespaceOf(api).conflictContent(id, from === undefined ? {} : { from }),
  with: (bindings) => contentOfConflicts(api.with(bindings)),
})
