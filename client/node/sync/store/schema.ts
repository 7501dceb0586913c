import { isFolderState } from './state-codec.ts'

/** Counts what a program must know to read the file. A newer one is refused (DB-07); an older one is brought up at opening. */
export const SCHEMA_VERSION = 2
/** `bvsy`, so that `file` and a person can tell what it is. */
export const APPLICATION_ID = 0x62767379

/** Of a folder with many files in it the folders are asked for by themselves. */
const FIND_FOLDERS = `create index item_folders on item (l_parent, l_key) where ${isFolderState('l_state')};`

/**
 * One row an item, in three groups of columns: `r_` remote, `l_` local, `s_` synced. What is looked up by is a column, the rest of a state is
 * packed (state-codec.ts). Ids and inodes take the shortest form (value-codec.ts), so columns have no type.
 *
 * `r_key`, `l_key`: a hash of `alike(name)`. One small index finds a child by its name and by what looks like it.
 * `r_seen`: the snapshot, or the time since it, in which the remote state was last told.
 * `depth`: only while the item is unsettled. `unread`: only while it is to be read; grows with every state that was noted.
 * `l_digest`: of all that is in a folder, as a scan found it; forgotten with every change of what is known of that (digests.ts).
 */
export const SCHEMA = `
  create table item (
    row integer primary key, id not null,
    r_parent, r_name, r_key, r_state, r_seen,
    l_parent, l_name, l_key, l_ino, l_state,
    s_parent, s_name, s_local_name, s_ino, s_state,
    blocked, pending, depth, unread, l_digest
  );
  create unique index item_by_id on item (id);
  create index item_by_remote on item (r_parent, r_key) where r_parent is not null;
  create index item_by_local on item (l_parent, l_key) where l_parent is not null;
  create index item_by_synced on item (s_parent) where s_parent is not null;
  create index item_by_local_ino on item (l_ino) where l_ino is not null;
  create index item_by_synced_ino on item (s_ino) where s_ino is not null;
  create index item_unsettled on item (depth, id) where depth is not null;
  create index item_unread on item (unread) where unread is not null;
  create index item_blocked on item (id) where blocked is not null;
  create table note (key text primary key, value text not null) without rowid;
  ${FIND_FOLDERS}
  pragma application_id = ${APPLICATION_ID};
  pragma user_version = ${SCHEMA_VERSION};
`

/** What brings a database of an older version up to the next one, by that older version. */
export const UPGRADES: Readonly<Record<number, string>> = {
  1: `alter table item add column l_digest; ${FIND_FOLDERS} pragma user_version = 2;`,
}
