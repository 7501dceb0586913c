import type { Api } from '../../client/api.ts'
import { namespaceOf } from '../../client/namespace.ts'
import { isUuid } from '../../core/ids.ts'
import { nameKey } from '../../core/names.ts'
import type { ConflictWire } from '../../protocol/mutations.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { linkedPathOf, placeOfLink, type LinkedPath } from '../sync/linked-path.ts'
import type { World } from '../world.ts'
import { formatRemotePath, parseRemotePathBelowSpace, type RemotePath } from '../remote-path.ts'
import { findSpace } from './trash-places.ts'

/** How a conflict is named on the command line: by its id, or by the path of either side, there or in a linked folder here, while it is open. */
export type ConflictName = { id: string } | { path: RemotePath } | { here: LinkedPath }

export async function parseConflictName(text: string, world: World): Promise<ConflictName> {
  if (isUuid(text)) return { id: text }
  const here = await linkedPathOf(world, text)
  return here !== null && here.names.length > 0 ? { here } : { path: parseRemotePathBelowSpace(text) }
}

/** Where the original is: space first. */
export const placeOf = (conflict: ConflictWire, spaceName: string): string[] => [
  spaceName,
  ...conflict.path,
  conflict.original.name,
]

/** @throws CliError `not-found`; `usage` where a path has several */
export async function findConflict(api: Api, name: ConflictName): Promise<ConflictWire> {
  if ('id' in name) return namespaceOf(api).conflict(name.id)
  const segments =
    'here' in name ? [...(await placeOfLink(api, name.here.link)), ...name.here.names] : name.path.segments
  const shown = formatRemotePath(segments)
  const space = await findSpace(api, segments[0] ?? '')
  const found: ConflictWire[] = []
  for await (const conflict of namespaceOf(api).conflicts({ space: space.id, state: 'open' }))
    if (isAt(conflict, space.name, segments)) found.push(conflict)
  if (found.length > 1) throw usageError(`${shown} has ${found.length} conflicts: name one by its id`)
  if (found[0] !== undefined) return found[0]
  throw new CliError({
    code: 'not-found',
    exit: EXIT.notFound,
    message: `there is no open conflict of ${shown}`,
    next: 'bitvault conflicts lists those that are open.',
  })
}

/** Of the original, or of the copy beside it. */
function isAt(conflict: ConflictWire, spaceName: string, segments: readonly string[]): boolean {
  const keys = segments.map(nameKey).join('/')
  const place = placeOf(conflict, spaceName)
  const copy = conflict.copy === null ? null : [...place.slice(0, -1), conflict.copy.name]
  return [place, copy].some((path) => path !== null && path.map(nameKey).join('/') === keys)
}
