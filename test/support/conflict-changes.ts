import type { MutationId, NodeId } from '../../core/ids.ts'
import type {
  FileOperation,
  FolderOperation,
  InnerOperation,
  Meeting,
  NamingOperation,
  NestingOperation,
} from '../../core/namespace/conflict-operations.ts'
import type { Choice, NodeState } from '../../core/namespace/model.ts'
import { baseOf, type Change, type Hand } from './conflict-stages.ts'

/*
 * What each operation of the matrix sends, made of what both have seen. Texts, names and values tell whose they are, so no two are the same.
 */

/** What the operations of one hand need. */
type Known = { seen: number; aside: Record<Hand, NodeId> }
export type FileKnown = Known & {
  at: NodeId
  file: NodeState
  other: Record<Hand, NodeState>
  conflict: MutationId | null
}
export type FolderKnown = Known & { at: NodeId; folder: NodeState }
export type InnerKnown = FolderKnown & {
  file: NodeState
  trashed: NodeState
  outside: Record<Hand, NodeState>
  conflict: MutationId | null
}
export type NamingKnown = Known & {
  at: NodeId
  name: string
  here: Record<Hand, NodeState>
  there: Record<Hand, NodeState>
  deleted: Record<Hand, NodeState | null>
}
export type NestingKnown = { seen: number; folders: Record<Hand, NodeState> }
export type MeetingKnown = { at: NodeId; file: NodeState; name: string }

const write = (target: { node: NodeId } | { parent: NodeId; name: string }, base: number, text: string): Change => ({
  kind: 'write-file',
  nodeKind: 'file',
  target,
  base,
  text,
})
const symlink = (parent: NodeId, name: string, base: number, text: string): Change => ({
  kind: 'write-file',
  nodeKind: 'symlink',
  target: { parent, name },
  base,
  text,
})
const mkdir = (parent: NodeId, name: string, ifExists: 'fail' | 'keep'): Change => ({
  kind: 'create-folder',
  parent,
  name,
  ifExists,
})
const edit = (file: NodeState, by: Hand): Change =>
  write({ node: file.id }, file.contentRevision, `${file.name} as the ${by} has it`)
const attributes = (node: NodeState, by: Hand): Change => ({
  kind: 'set-attributes',
  node: node.id,
  mtimeNs: by === 'first' ? '1000000001' : '2000000002',
  properties: { both: by, [by]: 'yes' },
})
const move = (
  node: NodeState,
  parent: NodeId,
  name: string,
  { seen, ifExists = 'fail' }: { seen: number; ifExists?: 'fail' | 'keep-both' | 'replace' },
): Change => ({ kind: 'move', node: node.id, to: { parent, name }, base: node.placementRevision, ifExists, seen })
const copy = (node: NodeState, parent: NodeId, name: string, ifExists: 'fail' | 'keep-both' = 'fail'): Change => ({
  kind: 'copy',
  node: node.id,
  revision: null,
  to: { parent, name },
  ifExists,
})
const trash = (node: NodeState, seen: number): Change => ({ kind: 'trash', node: node.id, base: baseOf(node), seen })
const restore = (node: NodeState): Change => ({ kind: 'restore', node: node.id, to: null })
const purge = (node: NodeState): Change => ({ kind: 'purge', node: node.id })
const oldVersion = (file: NodeState): Change => ({
  kind: 'restore-version',
  node: file.id,
  revision: 1,
  base: file.contentRevision,
})
const label = (file: NodeState, by: Hand): Change => ({
  kind: 'label-version',
  node: file.id,
  revision: 1,
  label: `of the ${by}`,
})
const resolve = ({ file, conflict }: { file: NodeState; conflict: MutationId | null }, choice: Choice): Change => ({
  kind: 'resolve-conflict',
  conflict: conflict!,
  choice,
  base: file.contentRevision,
})

export const FILE_CHANGES: Record<FileOperation, (known: FileKnown, by: Hand) => Change> = {
  edit: ({ file }, by) => edit(file, by),
  'edit-metadata': ({ file }, by) => attributes(file, by),
  rename: ({ file, at, seen }, by) => move(file, at, `renamed by the ${by}.txt`, { seen }),
  move: ({ file, aside, seen }, by) => move(file, aside[by], file.name, { seen }),
  replace: ({ file, at, other, seen }, by) => move(other[by], at, file.name, { seen, ifExists: 'replace' }),
  trash: ({ file, seen }) => trash(file, seen),
  restore: ({ file }) => restore(file),
  purge: ({ file }) => purge(file),
  'restore-version': ({ file }) => oldVersion(file),
  'label-version': ({ file }, by) => label(file, by),
  copy: ({ file, aside }, by) => copy(file, aside[by], 'copy.txt'),
  'resolve-mine': (known) => resolve(known, 'mine'),
  'resolve-theirs': (known) => resolve(known, 'theirs'),
}

export const FOLDER_CHANGES: Record<FolderOperation, (known: FolderKnown, by: Hand) => Change> = {
  'edit-metadata': ({ folder }, by) => attributes(folder, by),
  rename: ({ folder, at, seen }, by) => move(folder, at, `renamed by the ${by}`, { seen }),
  move: ({ folder, aside, seen }, by) => move(folder, aside[by], folder.name, { seen }),
  trash: ({ folder, seen }) => trash(folder, seen),
  restore: ({ folder }) => restore(folder),
  purge: ({ folder }) => purge(folder),
  copy: ({ folder, aside }, by) => copy(folder, aside[by], 'copy'),
}

export const INNER_CHANGES: Record<InnerOperation, (known: InnerKnown, by: Hand) => Change> = {
  'create-file': ({ folder }, by) => write({ parent: folder.id, name: 'new.txt' }, 0, `new file of the ${by}`),
  'create-folder': ({ folder }) => mkdir(folder.id, 'new folder', 'fail'),
  'create-symlink': ({ folder }) => symlink(folder.id, 'new link', 0, '../elsewhere'),
  edit: ({ file }, by) => edit(file, by),
  'edit-metadata': ({ file }, by) => attributes(file, by),
  rename: ({ file, folder, seen }, by) => move(file, folder.id, `renamed by the ${by}.txt`, { seen }),
  'move-in': ({ outside, folder, seen }, by) => move(outside[by], folder.id, 'moved in.txt', { seen }),
  'move-out': ({ file, aside, seen }, by) => move(file, aside[by], 'moved out.txt', { seen }),
  trash: ({ file, seen }) => trash(file, seen),
  restore: ({ trashed }) => restore(trashed),
  purge: ({ trashed }) => purge(trashed),
  'restore-version': ({ file }) => oldVersion(file),
  'label-version': ({ file }, by) => label(file, by),
  'copy-in': ({ outside, folder }, by) => copy(outside[by], folder.id, 'copied in.txt'),
  'copy-out': ({ file, aside }, by) => copy(file, aside[by], 'copied out.txt'),
  'resolve-mine': (known) => resolve(known, 'mine'),
}

export const NAMING_CHANGES: Record<NamingOperation, (known: NamingKnown, by: Hand) => Change> = {
  'create-file': ({ at, name }, by) => write({ parent: at, name }, 0, `created by the ${by}`),
  'create-folder': ({ at, name }) => mkdir(at, name, 'fail'),
  'create-folder-or-keep': ({ at, name }) => mkdir(at, name, 'keep'),
  'create-symlink': ({ at, name }, by) => symlink(at, name, 0, `../of the ${by}`),
  rename: ({ at, name, here, seen }, by) => move(here[by], at, name, { seen }),
  move: ({ at, name, there, seen }, by) => move(there[by], at, name, { seen }),
  'move-or-keep-both': ({ at, name, there, seen }, by) => move(there[by], at, name, { seen, ifExists: 'keep-both' }),
  'move-onto': ({ at, name, there, seen }, by) => move(there[by], at, name, { seen, ifExists: 'replace' }),
  copy: ({ at, name, there }, by) => copy(there[by], at, name),
  'copy-or-keep-both': ({ at, name, there }, by) => copy(there[by], at, name, 'keep-both'),
  restore: ({ deleted }, by) => restore(deleted[by]!),
  edit: ({ deleted }, by) => edit(deleted[by]!, by),
}

const otherHand = (by: Hand): Hand => (by === 'first' ? 'second' : 'first')

export const NESTING_CHANGES: Record<NestingOperation, (known: NestingKnown, by: Hand) => Change> = {
  move: ({ folders, seen }, by) => move(folders[by], folders[otherHand(by)].id, 'inside', { seen }),
  copy: ({ folders }, by) => copy(folders[by], folders[otherHand(by)].id, 'inside'),
}

/** The change that comes first, and the one that has not seen it. */
export const MEETING_CHANGES: Record<Meeting, (known: MeetingKnown, by: Hand) => Change> = {
  'edit-edit': ({ file }, by) => edit(file, by),
  'edit-restored-version': ({ file }, by) => (by === 'first' ? oldVersion(file) : edit(file, by)),
  'create-create': ({ at, name }, by) => write({ parent: at, name }, 0, `created by the ${by}`),
  'file-symlink': ({ at, name }, by) =>
    by === 'first' ? symlink(at, name, 0, '../elsewhere') : write({ parent: at, name }, 0, 'a file'),
  'file-folder': ({ at, name }, by) =>
    by === 'first' ? mkdir(at, name, 'fail') : write({ parent: at, name }, 0, 'a file'),
}
