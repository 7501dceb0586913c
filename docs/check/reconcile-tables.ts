import { CONTENT, PLACEMENT, type ContentAction, type PlacementAction } from '../../core/reconcile/item-table.ts'

/** An action without a sentence does not compile. */
const CONTENT_ACTIONS = {
  nothing: 'Both have it.',
  wait: 'Nothing is decided: it is not known yet, or it cannot be.',
  adopt: 'Both have the same: that is noted, and no byte moves.',
  'create-remote': 'It is made on the server.',
  'create-local': 'It is made here.',
  'update-remote': 'A new version is sent.',
  'update-local': 'The new version comes here, over the old one that the server has too.',
  conflict:
    'It is sent with the revision that was seen: the server keeps both (P2). Where the bytes are the same, they are adopted.',
  'remove-local': 'It goes into the safety trash of the device: the server has these bytes (P1). Of a folder: RC-4.',
  'remove-remote': 'It goes into the trash of the server. Of a folder: RC-4.',
  'revive-remote': 'The edit is sent to its node, and the server brings that back (P3).',
  'revive-local': 'The edit of the other side comes here.',
  forget: 'That it was ever here is forgotten.',
} as const satisfies Record<ContentAction, string>

const PLACEMENT_ACTIONS = {
  nothing: 'It stays.',
  'move-remote': 'It is moved on the server.',
  'move-local': 'It is moved here: the order of the server holds (P5).',
  adopt: 'Both moved it to one place: that is noted.',
} as const satisfies Record<PlacementAction, string>

/** The tables of docs/spec/reconcile.md. */
export function reconcileTables(): string {
  return [
    '### Content: here ↓, on the server →',
    grid(CONTENT),
    meanings(CONTENT_ACTIONS),
    '### Placement: here ↓, on the server →',
    grid(PLACEMENT),
    meanings(PLACEMENT_ACTIONS),
  ].join('\n\n')
}

function grid(table: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const columns = Object.keys(Object.values(table)[0] ?? {})
  const rows = Object.entries(table).map(([first, row]) =>
    line([first, ...columns.map((column) => words(row[column]!))]),
  )
  return [line(['', ...columns]), line(['---', ...columns.map(() => '---')]), ...rows].join('\n')
}

function meanings(actions: Record<string, string>): string {
  const rows = Object.entries(actions).map(([action, meaning]) => line([words(action), meaning]))
  return [line(['', 'what happens']), line(['---', '---']), ...rows].join('\n')
}

const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
const words = (name: string): string => name.replaceAll('-', ' ')
