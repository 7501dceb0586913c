import type { MutationId, NodeId } from '../../core/ids.ts'
import type { Cell } from '../../core/namespace/conflict-matrix.ts'
import type { FileOperation, FolderOperation, InnerOperation } from '../../core/namespace/conflict-operations.ts'
import type { Verdict } from '../../core/namespace/conflict-verdicts.ts'
import type { ConflictPolicy, NodeState, Outcome } from '../../core/namespace/model.ts'
import {
  FILE_CHANGES,
  FOLDER_CHANGES,
  INNER_CHANGES,
  MEETING_CHANGES,
  NAMING_CHANGES,
  NESTING_CHANGES,
} from './conflict-changes.ts'
import { HANDS, Stage, type CellServer, type Change, type Hand } from './conflict-stages.ts'

/** `head`: the last entry that is known before the second change. `again`: the second, sent once more. */
export type Played = { head: number; second: Outcome; again: Outcome }

/**
 * Plays a cell of the matrix: builds what both have seen, sends the first change, then the second as somebody sends it who has not seen
 * the first; and that once more, as after a lost reply. A cell has a folder of its own, so any number of them fit into one space.
 */
export async function playCell(server: CellServer, cell: Cell): Promise<Played> {
  const stage = new Stage(server)
  const { id: at } = await stage.folder(server.root, nameOf(cell))
  const [first, second] = await setUp(stage, cell, at)
  const opened = await stage.send('first', first)
  if (opened.outcome === 'rejected') throw new Error(`the first was refused: ${opened.code}`)
  const id = server.newId()
  const met = await server.commit('second', id, second)
  const head = Math.max(stage.head, opened.seq)
  return { head, second: met, again: await server.commit('second', id, second) }
}

/** What was answered, in the words of a verdict. */
export function answerOf(outcome: Outcome): Verdict['answer'] | { outcome: 'rejected'; code: string } {
  if (outcome.outcome === 'rejected') return { outcome: 'rejected', code: outcome.code }
  if (outcome.outcome === 'conflict') return { outcome: 'conflict' }
  return { outcome: 'applied', ...(outcome.notice && { notice: outcome.notice }) }
}

/** Whether the second change made an entry for the node that was answered. */
export const madeEntry = ({ head, second }: Played): boolean => second.outcome !== 'rejected' && second.seq > head

export const nameOf = (cell: Cell): string =>
  'policy' in cell ? `policy ${cell.policy} ${cell.meeting}` : `${cell.relation} ${cell.first} ${cell.second}`

function setUp(stage: Stage, cell: Cell, at: NodeId): Promise<[first: Change, second: Change]> {
  if ('policy' in cell) return setUpMeeting(stage, at, cell)
  switch (cell.relation) {
    case 'same-file':
      return setUpFile(stage, at, cell)
    case 'same-folder':
      return setUpFolder(stage, at, cell)
    case 'second-inside':
      return setUpInside(stage, at, { outer: cell.first, inner: cell.second, outerIs: 'first' })
    case 'first-inside':
      return setUpInside(stage, at, { outer: cell.second, inner: cell.first, outerIs: 'second' })
    case 'same-name':
      return setUpName(stage, at, cell)
    case 'into-each-other':
      return setUpNesting(stage, at, cell)
  }
}

type Of<R extends string> = Extract<Cell, { relation: R }>
type Pair = Promise<[first: Change, second: Change]>

const needsTrash = (operation: string): boolean => operation === 'restore' || operation === 'purge'

async function foldersAside(stage: Stage, at: NodeId): Promise<Record<Hand, NodeId>> {
  const first = await stage.folder(at, 'aside of the first')
  const second = await stage.folder(at, 'aside of the second')
  return { first: first.id, second: second.id }
}

async function setUpFile(stage: Stage, at: NodeId, { first, second }: Of<'same-file'>): Pair {
  const aside = await foldersAside(stage, at)
  const file = await stage.file(at, 'file.txt', 'one', 'two')
  const other = {
    first: await stage.file(at, 'first.txt', 'other of the first'),
    second: await stage.file(at, 'second.txt', 'other of the second'),
  }
  const conflict = await conflictIf(stage, file, first, second)
  await trashFor(stage, file, first, second)
  const known = { at, aside, file, other, conflict, seen: stage.seen }
  return [FILE_CHANGES[first]({ ...known, seen: stage.head }, 'first'), FILE_CHANGES[second](known, 'second')]
}

async function setUpFolder(stage: Stage, at: NodeId, { first, second }: Of<'same-folder'>): Pair {
  const aside = await foldersAside(stage, at)
  const folder = await stage.folder(at, 'folder')
  await stage.file(folder.id, 'inside.txt', 'inside')
  await trashFor(stage, folder, first, second)
  const known = { at, aside, folder, seen: stage.seen }
  return [FOLDER_CHANGES[first]({ ...known, seen: stage.head }, 'first'), FOLDER_CHANGES[second](known, 'second')]
}

type Inside = { outer: FolderOperation; inner: InnerOperation; outerIs: Hand }

async function setUpInside(stage: Stage, at: NodeId, { outer, inner, outerIs }: Inside): Pair {
  const aside = await foldersAside(stage, at)
  const folder = await stage.folder(at, 'folder')
  const file = await stage.file(folder.id, 'file.txt', 'one', 'two')
  const trashed = await stage.trash(await stage.file(folder.id, 'trashed.txt', 'trashed'))
  const outside = {
    first: await stage.file(at, 'outside of the first.txt', 'outside of the first'),
    second: await stage.file(at, 'outside of the second.txt', 'outside of the second'),
  }
  const conflict = await conflictIf(stage, file, inner)
  const [first, second] = outerIs === 'first' ? [outer, inner] : [inner, outer]
  // What is inside needs no folder that lives, when it is itself in the trash.
  if (needsTrash(outer)) await trashFor(stage, folder, first, second)
  const known = { at, aside, folder, file, trashed, outside, conflict, seen: stage.seen }
  const seenByFirst = { ...known, seen: stage.head }
  return outerIs === 'first'
    ? [FOLDER_CHANGES[outer](seenByFirst, 'first'), INNER_CHANGES[inner](known, 'second')]
    : [INNER_CHANGES[inner](seenByFirst, 'first'), FOLDER_CHANGES[outer](known, 'second')]
}

/** Two who restore or edit a file of one name have two files: one was deleted before the other was made. */
async function setUpName(stage: Stage, at: NodeId, { first, second }: Of<'same-name'>): Pair {
  const name = 'name.txt'
  const aside = await foldersAside(stage, at)
  const here = {} as Record<Hand, NodeState>
  const there = {} as Record<Hand, NodeState>
  const deleted: Record<Hand, NodeState | null> = { first: null, second: null }
  for (const by of HANDS) {
    here[by] = await stage.file(at, `here ${by}.txt`, `here of the ${by}`)
    there[by] = await stage.file(aside[by], 'there.txt', `there of the ${by}`)
    const operation = by === 'first' ? first : second
    if (operation === 'restore' || operation === 'edit')
      deleted[by] = await stage.trash(await stage.file(at, name, `deleted of the ${by}`))
  }
  const known = { at, name, aside, here, there, deleted, seen: stage.seen }
  return [NAMING_CHANGES[first]({ ...known, seen: stage.head }, 'first'), NAMING_CHANGES[second](known, 'second')]
}

async function setUpNesting(stage: Stage, at: NodeId, { first, second }: Of<'into-each-other'>): Pair {
  const folders = { first: await stage.folder(at, 'folder 1'), second: await stage.folder(at, 'folder 2') }
  const known = { folders, seen: stage.seen }
  return [NESTING_CHANGES[first]({ ...known, seen: stage.head }, 'first'), NESTING_CHANGES[second](known, 'second')]
}

async function setUpMeeting(
  stage: Stage,
  at: NodeId,
  { policy, meeting }: Extract<Cell, { policy: ConflictPolicy }>,
): Pair {
  await stage.done({ kind: 'set-attributes', node: at, conflictPolicy: policy })
  const file = await stage.file(at, 'file.txt', 'one', 'two')
  const known = { at, file, name: 'new.txt' }
  return [MEETING_CHANGES[meeting](known, 'first'), MEETING_CHANGES[meeting](known, 'second')]
}

async function conflictIf(
  stage: Stage,
  file: NodeState,
  ...operations: (FileOperation | InnerOperation)[]
): Promise<MutationId | null> {
  return operations.some((operation) => operation.startsWith('resolve')) ? stage.conflict(file) : null
}

/** The operations that can be done to what is in the trash. */
const ON_TRASH: ReadonlySet<string> = new Set(['restore', 'purge', 'edit'])

/**
 * Whoever comes first acts on what is there. Who restores or purges has seen it in the trash. When the other's change needs it alive, it was restored before that, and the second has not
 * seen this either.
 */
async function trashFor(stage: Stage, node: NodeState, first: string, second: string): Promise<void> {
  if (!needsTrash(first) && !needsTrash(second)) return
  await stage.trash(node)
  if (ON_TRASH.has(first)) return
  const { seen } = stage
  await stage.done({ kind: 'restore', node: node.id, to: null })
  stage.seen = seen
}
