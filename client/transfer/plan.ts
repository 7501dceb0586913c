import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Api } from '../api.ts'
import type { LinkItem, Skipped, UploadItem } from './events.ts'
import { createPlaces, type FoundChild, type Places } from './places.ts'

/** What a walk finds, parents before their children. `parts` is the path below the destination, at least one name. */
export type WalkEntry =
  | { kind: 'folder'; path: string; parts: readonly string[] }
  | { kind: 'file'; path: string; parts: readonly string[]; sizeBytes: number; mtimeNs: string; executable: boolean }
  | { kind: 'symlink'; path: string; parts: readonly string[]; target: string; mtimeNs: string }
  | ({ kind: 'skipped' } & Skipped)

export type PlanOptions = {
  onSkipped: (skipped: Skipped) => void
  /** A folder of the walk has its place; `created`: it was not there before. */
  onFolder?: (folder: NodeStateWire, created: boolean) => void
  /** Takes the symbolic links of some entries, whose folders are there. Without it links are skipped. */
  onLinks?: (links: readonly LinkItem[]) => Promise<void>
}

/** Entries looked at together: new folders among them are made with one request. */
const LOOK_AHEAD = 2_000
const FOLDERS_MAX = 500

/**
 * Turns a walk into uploads below `destination`: makes the folders that are missing, in batches, and looks up what the target
 * holds already, so that equal content is not sent again and a file that is there gets a new version. Feed the result to
 * `uploadTree`. Throws what listing and making folders throw.
 */
export async function* planTree(
  api: Api,
  destination: NodeStateWire,
  entries: AsyncIterable<WalkEntry>,
  options: PlanOptions,
): AsyncGenerator<UploadItem, void, undefined> {
  if (destination.kind !== 'folder') throw new AppError('not-a-folder', { detail: 'the destination is not a folder' })
  const places = createPlaces(api, destination, options)
  let ahead: WalkEntry[] = []
  let folders = 0
  for await (const entry of entries) {
    if (entry.kind === 'skipped') {
      const { kind: _kind, ...skipped } = entry
      options.onSkipped(skipped)
      continue
    }
    ahead.push(entry)
    if (entry.kind === 'folder') folders++
    if (ahead.length < LOOK_AHEAD && folders < FOLDERS_MAX) continue
    yield* planEntries(places, ahead, options)
    places.forgetAllBut(ahead.at(-1))
    ahead = []
    folders = 0
  }
  yield* planEntries(places, ahead, options)
}

async function* planEntries(places: Places, entries: WalkEntry[], options: PlanOptions): AsyncGenerator<UploadItem> {
  await places.makeFolders(entries)
  for (const entry of entries) {
    if (entry.kind !== 'file') continue
    const parent = await places.at(entry.parts.slice(0, -1))
    const name = entry.parts.at(-1)
    if (parent === null || name === undefined) {
      options.onSkipped({ path: entry.path, reason: 'name-taken', detail: 'its folder could not be made' })
      continue
    }
    const present = parent.child(name)
    if (present && present.kind !== 'file') {
      options.onSkipped({ path: entry.path, reason: 'name-taken', detail: `there is a ${present.kind} of that name` })
      continue
    }
    yield itemOf(entry, { parent: parent.id, name, present })
  }
  await planLinks(places, entries, options)
}

async function planLinks(places: Places, entries: WalkEntry[], options: PlanOptions): Promise<void> {
  const { onSkipped, onLinks } = options
  const links: LinkItem[] = []
  for (const entry of entries) {
    if (entry.kind !== 'symlink') continue
    const { path, target, mtimeNs } = entry
    const parent = onLinks === undefined ? null : await places.at(entry.parts.slice(0, -1))
    const name = entry.parts.at(-1)
    const present = name === undefined ? undefined : parent?.child(name)
    if (onLinks === undefined) onSkipped({ path, reason: 'symlink', detail: 'symbolic links are not followed' })
    else if (parent === null || name === undefined)
      onSkipped({ path, reason: 'name-taken', detail: 'its folder could not be made' })
    else if (present !== undefined && present.kind !== 'symlink')
      onSkipped({ path, reason: 'name-taken', detail: `there is a ${present.kind} of that name` })
    else
      links.push({
        path,
        target,
        mtimeNs,
        place: { parent: parent.id, name },
        base: present?.revision ?? 0,
        ...(present === undefined ? {} : { present: { nodeId: present.id, isSame: present.linkTarget === target } }),
      })
  }
  if (links.length > 0) await onLinks?.(links)
}

function itemOf(
  entry: WalkEntry & { kind: 'file' },
  target: { parent: string; name: string; present: FoundChild | undefined },
): UploadItem {
  const { path, sizeBytes, mtimeNs, executable } = entry
  const { parent, name, present } = target
  return {
    path,
    sizeBytes,
    mtimeNs,
    executable,
    target: { parent, name },
    base: present?.revision ?? 0,
    ...(present === undefined || present.sha256 === null ? {} : { present: presentOf(present, present.sha256) }),
  }
}

const presentOf = ({ id, sizeBytes, executable }: FoundChild, sha256: string) => ({
  nodeId: id,
  sizeBytes,
  sha256,
  executable,
})
