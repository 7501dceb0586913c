import { defineCommand, type Command } from '../command.ts'

const restore = defineCommand({
  name: 'restore',
  summary: 'bring deleted files and folders back',
  usage: '[--to path] <path|id>…',
  about: `Brings back from the trash what was at the path: the newest, where several were. It comes back to its place; where its folder is no more, into the
    nearest one that is there; where its name is taken, under another. It says which. For an earlier version of a file, see versions restore.`,
  examples: [
    ['bitvault restore home/a.txt', 'to where it was'],
    ['bitvault restore --to home/old/ home/a.txt', 'to another folder'],
  ],
  args: { min: 1, max: 1_000 },
  completes: 'remote',
  options: {
    to: { type: 'text', value: 'path', doc: 'there in place of where it was: a folder, or another name' },
    parents: { type: 'flag', short: 'p', doc: 'with --to: make the folders that are missing' },
  },
  run: async (call, world) => (await import('../commands/restore.ts')).restore(call, world),
})

const trash = defineCommand({
  name: 'trash',
  summary: 'what was deleted',
  usage: '[space|folder]',
  about: 'Lists what is in the trash, the newest first: when it was deleted, by whom, its size, and where it was.',
  examples: [
    ['bitvault trash', 'of all your spaces'],
    ['bitvault trash home/work', 'of one folder'],
  ],
  args: { min: 0, max: 1 },
  completes: 'remote',
  options: {},
  run: async (call, world) => (await import('../commands/trash.ts')).trash(call, world),
})

const trashEmpty = defineCommand({
  name: 'trash empty',
  summary: 'delete for good what is in the trash',
  usage: '[--older 30d] [path…]',
  about: `Deletes for good, after a question: everything in the trash, or what was at or below the paths. It cannot be undone.`,
  examples: [
    ['bitvault trash empty', 'all of it'],
    ['bitvault trash empty --older 30d', 'what was deleted 30 days ago or earlier'],
    ['bitvault trash empty --yes home/a.txt', 'one thing, without a question'],
  ],
  args: { min: 0, max: 1_000 },
  completes: 'remote',
  options: {
    older: { type: 'text', value: 'time', doc: 'only what was deleted longer ago: 30d, 12h, 2w' },
    yes: { type: 'flag', short: 'y', doc: 'ask no question' },
  },
  run: async (call, world) => (await import('../commands/trash.ts')).trashEmpty(call, world),
})

const versions = defineCommand({
  name: 'versions',
  summary: 'the versions of a file',
  usage: '<path>',
  about: `Lists the versions of a file, the newest first: when each was written, its size, on which device, and its label. The dot marks the present one.`,
  examples: [
    ['bitvault versions home/report.txt', 'what there is'],
    ['bitvault cat --revision 3 home/report.txt', 'look at one'],
    ['bitvault versions restore home/report.txt 3', 'go back to it'],
  ],
  args: { min: 1, max: 1 },
  completes: 'remote',
  options: {},
  run: async (call, world) => (await import('../commands/versions.ts')).versions(call, world),
})

const versionsRestore = defineCommand({
  name: 'versions restore',
  summary: 'make an earlier version the newest again',
  usage: '<path> <version>',
  about: 'Makes a new version with the content of the earlier one. Those in between stay.',
  examples: [['bitvault versions restore home/report.txt 3', 'as it was in version 3']],
  args: { min: 2, max: 2 },
  completes: 'remote',
  options: {},
  run: async (call, world) => (await import('../commands/versions.ts')).versionsRestore(call, world),
})

const versionsLabel = defineCommand({
  name: 'versions label',
  summary: 'name a version, which keeps it',
  usage: '<path> <version> <text>',
  about: 'Gives a version a label. A version that has one is kept, whatever the space says about old versions.',
  examples: [
    ['bitvault versions label home/report.txt 3 "as sent"', 'a label'],
    ['bitvault versions label --remove home/report.txt 3', 'none'],
  ],
  args: { min: 2, max: 3 },
  completes: 'remote',
  options: { remove: { type: 'flag', doc: 'take the label away' } },
  run: async (call, world) => (await import('../commands/versions.ts')).versionsLabel(call, world),
})

const versionsGet = defineCommand({
  name: 'versions get',
  summary: 'fetch an earlier version',
  usage: '[-o file] <path> <version>',
  about:
    'Fetches a version beside the present one: report.txt becomes report (v3).txt, unless -o names another file or a folder.',
  examples: [
    ['bitvault versions get home/report.txt 3', 'as report (v3).txt'],
    ['bitvault versions get -o old.txt home/report.txt 3', 'under another name'],
  ],
  args: { min: 2, max: 2 },
  completes: 'remote',
  options: {
    output: { type: 'text', short: 'o', value: 'file', doc: 'where to: a file or a folder' },
    force: { type: 'flag', short: 'f', doc: 'replace a file that is there with other content' },
  },
  run: async (call, world) => (await import('../commands/versions.ts')).versionsGet(call, world),
})

export const HISTORY_COMMANDS: readonly Command[] = [
  restore,
  trash,
  trashEmpty,
  versions,
  versionsRestore,
  versionsLabel,
  versionsGet,
]
