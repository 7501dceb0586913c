import type { FolderOperation, NestingOperation } from '../conflict-operations.ts'
import type { Table } from '../conflict-verdicts.ts'

/** Both change one folder. */
export const SAME_FOLDER: Table<FolderOperation, FolderOperation> = {
  'edit-metadata': {
    'edit-metadata': 'last-holds',
    rename: 'holds',
    move: 'holds',
    trash: 'trashed',
    restore: 'already',
    purge: 'lives',
    copy: 'copy-of-now',
  },
  rename: {
    'edit-metadata': 'holds',
    rename: 'moved-first',
    move: 'moved-first',
    trash: 'trashed',
    restore: 'already',
    purge: 'lives',
    copy: 'copy-of-now',
  },
  move: {
    'edit-metadata': 'holds',
    rename: 'moved-first',
    move: 'moved-first',
    trash: 'trashed',
    restore: 'already',
    purge: 'lives',
    copy: 'copy-of-now',
  },
  trash: {
    'edit-metadata': 'in-trash',
    rename: 'in-trash',
    move: 'in-trash',
    trash: 'already',
    restore: 'back',
    purge: 'purged',
    copy: 'in-trash',
  },
  restore: {
    'edit-metadata': 'holds',
    rename: 'holds',
    move: 'holds',
    trash: 'trashed',
    restore: 'already',
    purge: 'lives',
    copy: 'copy-of-now',
  },
  purge: {
    'edit-metadata': 'gone-for-good',
    rename: 'gone-for-good',
    move: 'gone-for-good',
    trash: 'gone-for-good',
    restore: 'gone-for-good',
    purge: 'gone-for-good',
    copy: 'gone-for-good',
  },
  copy: {
    'edit-metadata': 'holds',
    rename: 'holds',
    move: 'holds',
    trash: 'trashed',
    restore: 'already',
    purge: 'lives',
    copy: 'copy-of-now',
  },
}

/** Each puts one of two folders into the other (MV-03). */
export const INTO_EACH_OTHER: Table<NestingOperation, NestingOperation> = {
  move: {
    move: 'cycle',
    copy: 'cycle',
  },
  copy: {
    move: 'holds',
    copy: 'copy-of-now',
  },
}
