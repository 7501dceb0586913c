import { CONTENT, PLACEMENT, type ContentAction } from '../../core/reconcile/item-table.ts'
import { GROUPS } from './config.ts'
import { cellMark, placeMark, type Kind } from './marks.ts'
import { ON_DEVICE, ON_SERVER } from './moves.ts'

/** What a simulation that deserves the name has tried: each mark by how many runs it came up in (I27). */
export class Coverage {
  readonly #counts = new Map<string, number>()

  add(marks: Iterable<string>): void {
    for (const mark of marks) this.#counts.set(mark, this.countOf(mark) + 1)
  }

  countOf = (mark: string): number => this.#counts.get(mark) ?? 0

  /** What never came up, of what was to. */
  missing = (expected: readonly string[]): string[] => expected.filter((mark) => this.countOf(mark) === 0)
}

const AT_REST: ReadonlySet<ContentAction> = new Set(['nothing', 'wait', 'forget'])
const KINDS: readonly Kind[] = ['file', 'folder', 'symlink']

/** Who may do what in some world of a seed. */
export const MOVES: readonly string[] = Object.entries({ ...ON_DEVICE, ...ON_SERVER })
  .filter(([, { group }]) => GROUPS.has(group))
  .map(([name]) => name)

/** What is new has nothing that it could be gone from. */
const isPossible = (here: string, there: string): boolean =>
  !(here === 'new' && there === 'gone') && !(here === 'gone' && there === 'new')

/** Of a folder or symlink there is no content to edit, and two that are new under one name are one, or have two ids. */
const fits = (kind: Kind, here: string, there: string): boolean =>
  kind === 'file' || !(here === 'edited' || there === 'edited' || (here === 'new' && there === 'new'))

/** Every cell of the table in which somebody has to act, for each kind of thing. */
export const CELLS: readonly string[] = Object.entries(CONTENT).flatMap(([here, row]) =>
  Object.entries(row).flatMap(([there, action]) =>
    AT_REST.has(action) || !isPossible(here, there)
      ? []
      : KINDS.filter((kind) => fits(kind, here, there)).map((kind) => cellMark(kind, here, there)),
  ),
)

export const PLACES: readonly string[] = Object.entries(PLACEMENT).flatMap(([here, row]) =>
  Object.entries(row).flatMap(([there, action]) =>
    action === 'nothing' ? [] : KINDS.map((kind) => placeMark(kind, here, there)),
  ),
)

/** Answers of the server that tell a device that somebody was there before it, or that it may not. */
const ANSWERS: readonly string[] = [
  'create-folder is answered with forbidden, new',
  'create-folder is answered with in-trash, new',
  'create-folder is answered with name-taken, new',
  'create-folder is answered with not-found, new',
  'move is answered with conflict, in a race',
  'move is answered with forbidden, in a race',
  'move is answered with in-trash, in a race',
  'move is answered with version-conflict, in a race',
  'trash is answered with conflict, in a race',
  'trash is answered with forbidden, in a race',
  'trash is answered with version-conflict, in a race',
  'write-file is answered with conflict, as known',
  'write-file is answered with conflict, in a race',
  'write-file is answered with conflict, new',
  'write-file is answered with forbidden, in a race',
  'write-file is answered with forbidden, new',
  'write-file is answered with in-trash, new',
  'write-file is answered with not-found, new',
  'write-file is answered with revived, as known',
  'write-file is answered with revived, in a race',
]

const ENDS: readonly string[] = [
  'crash kill',
  'crash power',
  'move seen half',
  'brake local',
  'brake remote',
  'brake older',
]

/** Those that are told when they come up; pipes and what is ignored are only counted. */
const BLOCKED: readonly string[] = [
  'busy',
  'content-damaged',
  'damaged-here',
  'name-clash',
  'name-not-possible',
  'no-permission',
  'no-space',
  'no-symlinks',
  'not-empty',
  'not-utf8',
  'path-too-long',
  'read-only',
  'refused',
  'unreadable',
].map((reason) => `blocked ${reason}`)

export const EVERYTHING: readonly string[] = [...MOVES, ...CELLS, ...PLACES, ...ANSWERS, ...ENDS, ...BLOCKED]

/** What a few hundred seeds come to. */
export const THE_LEAST: readonly string[] = [
  ...CELLS.filter((cell) => cell.includes('a file') && cell !== cellMark('file', 'new', 'new')),
  ...PLACES.filter((place) => !place.includes('symlink')),
  'crash kill',
  'crash power',
]
