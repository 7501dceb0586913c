import { join } from 'node:path'
import type { Api } from '../../../client/api.ts'
import { namespaceOf } from '../../../client/namespace.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import { nameKey } from '../../../core/names.ts'
import type { ConflictWire } from '../../../protocol/mutations.ts'
import type { Call } from '../../command.ts'
import { withConnection } from '../../connection.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import type { Say } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import { placeOfLink } from '../../sync/linked-path.ts'
import { folderForShell, shownFolder } from '../../sync/view/shown-folder.ts'
import { formatCount } from '../../text/quantity.ts'
import { whoBy } from '../../who.ts'
import type { World } from '../../world.ts'
import { conflictLines } from '../conflict-lines.ts'

type Found = { conflict: ConflictWire; link: Link; spaceName: string; original: string; copy: string | null }

/** The open conflicts in linked folders, with where both sides are on this computer. */
export async function syncConflicts(call: Call, world: World): Promise<ExitCode> {
  const links = await chooseLinks(world, call.args[0])
  let count = 0
  let first: string | null = null
  for (const server of new Set(links.map((link) => link.server))) {
    const options = { ...call.options, server: call.options.server ?? server }
    await withConnection('sync-conflicts', { options }, world, async ({ api }, say) => {
      const who = await whoBy(api)
      for (const link of links.filter((one) => one.server === server))
        for await (const found of conflictsOf(api, link)) {
          const { conflict, original, copy, spaceName } = found
          await say.json({ here: { root: link.root, original, copy }, ...conflict })
          const lines = [...conflictLines(conflict, spaceName, say, who), ...hereLines(found, world, say)]
          await say.lines([...(count === 0 ? [] : ['']), ...lines])
          count++
          first ??= original
        }
      await sayEnd({ count, first }, world, say)
    })
  }
  return EXIT.ok
}

async function* conflictsOf(api: Api, link: Link): AsyncGenerator<Found> {
  const [spaceName = '…', ...above] = await placeOfLink(api, link)
  for await (const conflict of namespaceOf(api).conflicts({ space: link.space, state: 'open' })) {
    const isInside = above.every((name, at) => nameKey(conflict.path[at] ?? '') === nameKey(name))
    if (!isInside || conflict.path.length < above.length) continue
    const folder = join(link.root, ...conflict.path.slice(above.length))
    const copy = conflict.copy === null ? null : join(folder, conflict.copy.name)
    yield { conflict, link, spaceName, original: join(folder, conflict.original.name), copy }
  }
}

function hereLines({ original, copy }: Found, world: World, say: Say): string[] {
  const shown = (path: string): string => say.name(shownFolder(path, world.home))
  return [`  here    ${shown(original)}`, ...(copy === null ? [] : [`          ${shown(copy)}`])]
}

/** @param counted `first`: of them, on this computer */
async function sayEnd(counted: { count: number; first: string | null }, world: World, say: Say): Promise<void> {
  const { count, first } = counted
  if (first === null) return say.done('There are no conflicts.')
  const example = say.nameInNote(folderForShell(first, world.home))
  await say.note(
    say.paintNote(
      'dim',
      `\n${formatCount(count, 'conflict')}. End one: bitvault conflicts resolve ${example}\n  --mine | --theirs | --both | --merged <file>`,
    ),
  )
}
