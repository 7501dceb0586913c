/** The hard cases of synchronisation, by what they are about. A number that is not there was another case's double. */
export const CASE_GROUPS: readonly { prefix: string; title: string; numbers: readonly number[] }[] = [
  { prefix: 'EE', title: 'Edit and edit', numbers: [1, 2, 4, 5, 7, 8, 10, 11] },
  { prefix: 'CR', title: 'Create and create', numbers: [2, 3, 5, 6] },
  { prefix: 'ED', title: 'Edit and delete', numbers: [1, 2, 4, 5, 7, 8, 10, 11] },
  { prefix: 'MV', title: 'Moves', numbers: [2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23] },
  { prefix: 'MD', title: 'Move and delete', numbers: [1, 3, 4, 6, 7] },
  { prefix: 'RN', title: 'Chains, circles and case of names', numbers: [2, 3, 5, 6, 8, 9] },
  { prefix: 'NM', title: 'Names', numbers: [1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17] },
  { prefix: 'TC', title: 'A file becomes a folder, or the other way round', numbers: [2, 3, 5, 6] },
  { prefix: 'FD', title: 'Deletes of folders', numbers: [1, 2, 4, 5, 7, 8] },
  { prefix: 'LK', title: 'Links and special files', numbers: [1, 2, 4, 5, 7, 8, 10, 11] },
  { prefix: 'PM', title: 'Permissions', numbers: [1, 2, 4, 5] },
  { prefix: 'TM', title: 'Times and clocks', numbers: [1, 2, 4, 5, 7, 8] },
  { prefix: 'WR', title: 'Files that are being written', numbers: [1, 2, 4, 5, 7, 8, 10, 11] },
  { prefix: 'AS', title: 'How programs save', numbers: [1, 2, 3, 5, 6, 8] },
  { prefix: 'DK', title: 'Crashes and disks', numbers: [1, 3, 4, 6, 7, 9, 10, 12, 13] },
  { prefix: 'WA', title: 'Watchers', numbers: [1, 2, 4, 5, 7] },
  { prefix: 'RT', title: 'The root', numbers: [1, 3, 4, 6, 7, 9, 10] },
  { prefix: 'DB', title: 'The device’s database', numbers: [1, 2, 4, 5, 7, 8] },
  { prefix: 'SV', title: 'Journal, cursor, backups of the server', numbers: [2, 3, 5, 6, 8, 9, 11, 12, 14, 15] },
  { prefix: 'NW', title: 'Network', numbers: [1, 2, 4, 5, 7, 8, 10, 11, 13, 14] },
  { prefix: 'SC', title: 'Scale', numbers: [1, 2, 4, 5, 7] },
  { prefix: 'SS', title: 'Selection and rules', numbers: [1, 3, 4, 6, 7, 9, 10, 12] },
  { prefix: 'SH', title: 'Rights, shares, room', numbers: [1, 3, 4, 6, 7, 9, 10, 12, 13] },
  { prefix: 'PH', title: 'Placeholders', numbers: [1, 2, 4, 5, 7] },
]

/** Held by a test that is not of the simulation, or not held, and why. */
export type Elsewhere = { what: string } & ({ tests: readonly string[] } | { later: string })

const NODE_DISK = 'client/node/sync/disk/node-disk.test.ts'
const OPEN_STORE = 'client/node/sync/store/open-store.test.ts'
const WATCHER = 'client/node/sync/watch/folder-watches.test.ts'
const PLACEHOLDERS = 'with placeholders'

/** Cases without a scenario. */
export const ELSEWHERE: Readonly<Record<string, Elsewhere>> = {
  'CR-06': { what: 'a local copy in place of a placeholder stays, and is not sent', later: PLACEHOLDERS },
  'LK-04': { what: 'the root may be a link to a folder', tests: [NODE_DISK] },
  'PM-02': { what: 'mode, owner and group of what is replaced stay', tests: [NODE_DISK] },
  'PM-05': { what: 'new files have the mode that the umask leaves', tests: [NODE_DISK] },
  'RT-09': {
    what: 'a second engine on one root is refused, and told who has it',
    tests: ['client/node/sync/disk/root-lock.test.ts', OPEN_STORE],
  },
  'DB-07': { what: 'a database of a newer version is refused, and not touched', tests: [OPEN_STORE] },
  'SV-06': {
    what: 'the rows are from a backup, the journal’s memory is not: whoever notices first begins another epoch',
    tests: ['test/faults/restored.test.ts'],
  },
  'SV-12': {
    what: 'another process takes the journal over between two pages: no gap, nothing twice',
    tests: ['test/faults/feed-takeover.test.ts'],
  },
  'NW-13': {
    what: 'requests are signed and judged by clocks of servers, tokens by how long they last',
    later: 'a certificate that this clock takes for invalid shows as `offline`, without a word of the clock',
  },
  'SC-07': {
    what: 'large files are hashed and sent in bounded memory, and resumed',
    tests: ['client/sync/scan/scanner.test.ts'],
  },
  'SS-12': { what: 'folders are unselected one by one, never by their size', later: 'when there is a limit by size' },
  'PH-01': { what: 'placeholders are turned on: what is here stays here', later: PLACEHOLDERS },
  'PH-02': { what: 'placeholders are turned off: nothing is deleted on the server', later: PLACEHOLDERS },
  'PH-04': { what: 'an edit before the bytes are here is based on those bytes', later: PLACEHOLDERS },
  'PH-05': { what: 'whoever reads everything is slowed down', later: PLACEHOLDERS },
  'PH-07': { what: 'offline, a placeholder is an error, not zeros', later: PLACEHOLDERS },
}

/** What a simulated world shows in part: the rest is shown by the real thing. */
export const ALSO: Readonly<Record<string, readonly string[]>> = {
  'DB-05': [OPEN_STORE],
  'DK-01': [NODE_DISK],
  'DK-04': [OPEN_STORE],
  'EE-05': [NODE_DISK],
  'LK-02': ['test/contract/sync-disk.ts'],
  'LK-08': ['test/contract/sync-disk-changes.ts'],
  'NM-11': [NODE_DISK],
  'NM-14': [NODE_DISK],
  'RT-01': [NODE_DISK],
  'SV-02': ['test/faults/feed-takeover.test.ts'],
  'SV-05': ['test/faults/restored.test.ts'],
  'SV-11': [OPEN_STORE],
  'SV-15': ['durable-objects/feed.test.ts'],
  'TM-08': [NODE_DISK],
  'WA-01': [WATCHER],
  'WA-02': [WATCHER],
  'WA-04': [WATCHER],
}
