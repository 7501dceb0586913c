import type { Api } from '../../client/api.ts'
import { namespaceOf, type TrashItem } from '../../client/namespace.ts'
import { nameKey } from '../../core/names.ts'
import type { Space } from '../../protocol/files.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import type { RemotePath } from '../remote-path.ts'

/** Something in the trash, and where it was: space first. */
export type Trashed = TrashItem & { segments: string[] }

/** @throws CliError `not-found` */
export async function findSpace(api: Api, name: string): Promise<Space> {
  const found = (await api.spaces()).find((space) => nameKey(space.name) === nameKey(name))
  if (found !== undefined) return found
  throw new CliError({
    code: 'not-found',
    exit: EXIT.notFound,
    message: `there is no space “${name}”, or it is not yours to see`,
    next: 'bitvault spaces lists yours.',
  })
}

/** What is in the trash at `path` or below it, the newest first; everything, for the list of spaces. */
export async function* trashedBelow(api: Api, path: RemotePath): AsyncIterable<Trashed> {
  const names = new Map((await api.spaces()).map((space) => [space.id, space.name]))
  const [spaceName] = path.segments
  const of = spaceName === undefined ? {} : { space: (await findSpace(api, spaceName)).id }
  const within = path.segments.map(nameKey)
  for await (const item of namespaceOf(api).trashed(of)) {
    const segments = [names.get(item.node.spaceId) ?? '…', ...item.path, item.node.name]
    if (within.every((name, at) => nameKey(segments[at] ?? '') === name)) yield { ...item, segments }
  }
}

export const isAt = (item: Trashed, path: RemotePath): boolean => item.segments.length === path.segments.length
