import { nameKey } from '../../core/names.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Api, CreateFolders } from '../api.ts'
import type { PlanOptions, WalkEntry } from './plan.ts'

/** What a name stands for at the destination. */
export type FoundChild = {
  id: string
  kind: NodeStateWire['kind']
  revision: number
  sizeBytes: number
  sha256: string | null
  executable: boolean
  linkTarget: string | null
}

/** A folder at the destination. */
export type Place = { id: string; child(name: string): FoundChild | undefined }

/** Where the folders of a walk lie at the destination. */
export type Places = {
  /** The folder of these parts, or `null` when it could not be had. */
  at(parts: readonly string[]): Promise<Place | null>
  /** Makes those that are missing, with one request. */
  makeFolders(entries: readonly WalkEntry[]): Promise<void>
  /** A walk goes depth first: only the folders on the way to its last entry still get children. */
  forgetAllBut(entry: WalkEntry | undefined): void
}

type Folder = {
  id: string
  /** By name key; `null`: not listed yet. A folder that this run made is known to be empty. */
  children: Map<string, FoundChild> | null
}

const keyOf = (parts: readonly string[]): string => parts.map(nameKey).join('/')

export function createPlaces(api: Api, destination: NodeStateWire, options: PlanOptions): Places {
  const known = new Map<string, Folder | null>([['', { id: destination.id, children: null }]])

  const at: Places['at'] = async (parts) => {
    const folder = known.get(keyOf(parts)) ?? null
    if (folder === null) return null
    const children = (folder.children ??= await listChildren(api, folder.id))
    return { id: folder.id, child: (name) => children.get(nameKey(name)) }
  }
  const made = (folder: Wanted, node: NodeStateWire | null, problem: string) => {
    known.set(folder.key, node === null ? null : { id: node.id, children: new Map() })
    if (node === null) return options.onSkipped({ path: folder.path, reason: 'name-taken', detail: problem })
    // A second root may bring the same folder again: it is found then.
    known.get(folder.parentKey)?.children?.set(nameKey(folder.name), foundChild(node))
    options.onFolder?.(node, true)
  }
  return {
    at,
    makeFolders: async (entries) => {
      const wanted = createWanted()
      for (const entry of entries) {
        if (entry.kind !== 'folder' || known.has(keyOf(entry.parts)) || wanted.has(keyOf(entry.parts))) continue
        if (wanted.addBelow(entry)) continue
        const parent = await at(entry.parts.slice(0, -1))
        const present = parent?.child(entry.parts.at(-1) ?? '')
        if (parent === null || (present && present.kind !== 'folder')) {
          known.set(keyOf(entry.parts), null)
          options.onSkipped({
            path: entry.path,
            reason: 'name-taken',
            detail: `there is a ${present?.kind ?? 'file'} of that name`,
          })
        } else if (present === undefined) wanted.add(entry, parent.id)
        else known.set(keyOf(entry.parts), { id: present.id, children: null })
      }
      await createFolders(api, wanted.list, made)
    },
    forgetAllBut: (entry) => {
      const parts = entry === undefined || entry.kind === 'skipped' ? [] : entry.parts
      const kept = new Set(['', ...parts.map((_, depth) => keyOf(parts.slice(0, depth + 1)))])
      for (const key of known.keys()) if (!kept.has(key)) known.delete(key)
    },
  }
}

type Wanted = {
  path: string
  key: string
  parentKey: string
  name: string
  /** A node, or an earlier one of the same request. */
  parent: string | { created: number }
}

function createWanted() {
  const list: Wanted[] = []
  const indexes = new Map<string, number>()
  const add = (entry: WalkEntry & { kind: 'folder' }, parent: Wanted['parent']): void => {
    const { path, parts } = entry
    const key = keyOf(parts)
    indexes.set(key, list.length)
    list.push({ path, key, parentKey: keyOf(parts.slice(0, -1)), name: parts.at(-1) ?? '', parent })
  }
  return {
    list,
    add,
    has: (key: string) => indexes.has(key),
    /** @returns `false` when its parent is not among those wanted */
    addBelow: (entry: WalkEntry & { kind: 'folder' }): boolean => {
      const created = indexes.get(keyOf(entry.parts.slice(0, -1)))
      if (created === undefined) return false
      add(entry, { created })
      return true
    },
  }
}

async function createFolders(
  api: Api,
  wanted: readonly Wanted[],
  made: (folder: Wanted, node: NodeStateWire | null, problem: string) => void,
): Promise<void> {
  if (wanted.length === 0) return
  const body: CreateFolders = {
    folders: wanted.map(({ parent, name }) => ({ mutationId: api.newMutationId(), parent, name, ifExists: 'keep' })),
  }
  const results = await api.createFolders(body)
  for (const [index, folder] of wanted.entries()) {
    const result = results[index]
    if (result === undefined) made(folder, null, 'the server gave no result')
    else if (result.outcome === 'rejected') made(folder, null, result.problem.code)
    else made(folder, result.node, '')
  }
}

async function listChildren(api: Api, folderId: string): Promise<Map<string, FoundChild>> {
  const found = new Map<string, FoundChild>()
  for await (const node of api.children(folderId)) found.set(nameKey(node.name), foundChild(node))
  return found
}

const foundChild = (node: NodeStateWire): FoundChild => ({
  id: node.id,
  kind: node.kind,
  revision: node.contentRevision,
  sizeBytes: node.size ?? 0,
  sha256: node.sha256,
  executable: node.executable,
  linkTarget: node.linkTarget,
})
