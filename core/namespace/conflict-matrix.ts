import type {
  FileOperation,
  FolderOperation,
  InnerOperation,
  Meeting,
  NamingOperation,
  NestingOperation,
} from './conflict-operations.ts'
import { SAME_FILE } from './conflict-rows/file.ts'
import { INTO_EACH_OTHER, SAME_FOLDER } from './conflict-rows/folder.ts'
import { FIRST_INSIDE } from './conflict-rows/first-inside.ts'
import { SAME_NAME } from './conflict-rows/name.ts'
import { SECOND_INSIDE } from './conflict-rows/second-inside.ts'
import type { Table, VerdictName } from './conflict-verdicts.ts'
import type { ConflictPolicy } from './model.ts'

/**
 * What happens when two change the same thing, or things inside one another, before they have seen each other's change; decided by the order in
 * which the server takes them, so both orders are cells. The text is docs/spec/conflicts.md; test/support/conflict-cells.ts plays every cell,
 * on the pure function and on the real server.
 */
export const MATRIX = {
  'same-file': SAME_FILE,
  'same-folder': SAME_FOLDER,
  'second-inside': SECOND_INSIDE,
  'first-inside': FIRST_INSIDE,
  'same-name': SAME_NAME,
  'into-each-other': INTO_EACH_OTHER,
} as const satisfies {
  'same-file': Table<FileOperation, FileOperation>
  'same-folder': Table<FolderOperation, FolderOperation>
  /** The first is done to a folder, the second inside it. */
  'second-inside': Table<FolderOperation, InnerOperation>
  'first-inside': Table<InnerOperation, FolderOperation>
  'same-name': Table<NamingOperation, NamingOperation>
  'into-each-other': Table<NestingOperation, NestingOperation>
}
export type Relation = keyof typeof MATRIX

/** Two contents for one place: what the policy of the folder makes of the second. */
export const POLICY_TABLE: Record<ConflictPolicy, Record<Meeting, VerdictName>> = {
  'keep-both': {
    'edit-edit': 'beside',
    'edit-restored-version': 'beside',
    'create-create': 'beside',
    'file-symlink': 'beside',
    'file-folder': 'beside',
  },
  'newest-wins': {
    'edit-edit': 'newest-wins',
    'edit-restored-version': 'newest-wins',
    'create-create': 'newest-wins',
    'file-symlink': 'beside',
    'file-folder': 'beside',
  },
  manual: {
    'edit-edit': 'held',
    'edit-restored-version': 'held',
    'create-create': 'held',
    'file-symlink': 'beside',
    'file-folder': 'beside',
  },
}

type CellOf<R extends string, First, Second> = { relation: R; first: First; second: Second; verdict: VerdictName }
export type MatrixCell =
  | CellOf<'same-file', FileOperation, FileOperation>
  | CellOf<'same-folder', FolderOperation, FolderOperation>
  | CellOf<'second-inside', FolderOperation, InnerOperation>
  | CellOf<'first-inside', InnerOperation, FolderOperation>
  | CellOf<'same-name', NamingOperation, NamingOperation>
  | CellOf<'into-each-other', NestingOperation, NestingOperation>
export type PolicyCell = { policy: ConflictPolicy; meeting: Meeting; verdict: VerdictName }
export type Cell = MatrixCell | PolicyCell

/** Every cell, once. */
export function allCells(): Cell[] {
  const cells: Cell[] = []
  for (const [relation, rows] of Object.entries(MATRIX)) {
    for (const [first, row] of Object.entries<Record<string, VerdictName>>(rows))
      for (const [second, verdict] of Object.entries(row))
        cells.push({ relation, first, second, verdict } as MatrixCell)
  }
  for (const [policy, row] of Object.entries(POLICY_TABLE))
    for (const [meeting, verdict] of Object.entries(row)) cells.push({ policy, meeting, verdict } as PolicyCell)
  return cells
}
