/**
 * What two people, or two devices of one, may do before they have seen each other's change. The tables of conflict-matrix.ts say for each
 * pair what becomes of the second.
 */

/** On a file that both know. `replace`: another file is moved onto its name. */
export const FILE_OPERATIONS = [
  'edit',
  'edit-metadata',
  'rename',
  'move',
  'replace',
  'trash',
  'restore',
  'purge',
  'restore-version',
  'label-version',
  'copy',
  'resolve-mine',
  'resolve-theirs',
] as const
export type FileOperation = (typeof FILE_OPERATIONS)[number]

/** On a folder that both know. */
export const FOLDER_OPERATIONS = ['edit-metadata', 'rename', 'move', 'trash', 'restore', 'purge', 'copy'] as const
export type FolderOperation = (typeof FOLDER_OPERATIONS)[number]

/** On what lies in that folder, or comes into it, or leaves it. `restore` and `purge` are of a file that was deleted there by itself. */
export const INNER_OPERATIONS = [
  'create-file',
  'create-folder',
  'create-symlink',
  'edit',
  'edit-metadata',
  'rename',
  'move-in',
  'move-out',
  'trash',
  'restore',
  'purge',
  'restore-version',
  'label-version',
  'copy-in',
  'copy-out',
  'resolve-mine',
] as const
export type InnerOperation = (typeof INNER_OPERATIONS)[number]

/**
 * Ways in which a thing gets a name that was free when both looked. `edit` is of a deleted file of that name, which it brings back. A move or copy
 * says what it wants when the name is taken.
 */
export const NAMING_OPERATIONS = [
  'create-file',
  'create-folder',
  'create-folder-or-keep',
  'create-symlink',
  'rename',
  'move',
  'move-or-keep-both',
  'move-onto',
  'copy',
  'copy-or-keep-both',
  'restore',
  'edit',
] as const
export type NamingOperation = (typeof NAMING_OPERATIONS)[number]

/** Two folders, each put into the other. */
export const NESTING_OPERATIONS = ['move', 'copy'] as const
export type NestingOperation = (typeof NESTING_OPERATIONS)[number]

/** Two contents for one place, where policy may decide. */
export const MEETINGS = ['edit-edit', 'edit-restored-version', 'create-create', 'file-symlink', 'file-folder'] as const
export type Meeting = (typeof MEETINGS)[number]
