import { defineCommand, type Command } from '../command.ts'

const MANY = 10_000

const put = defineCommand({
  name: 'put',
  summary: 'send files and folders to the server',
  usage: '<file|folder>… <destination>',
  about: `Sends what is named to a place on the server. A destination that is a folder, or ends with a slash, gets each thing under its
    own name; otherwise its last part is the new name of the file. Folders always go into the destination; photos/. is what is in photos, without
    the folder. Missing folders are made.

    Only what the server does not hold yet goes over the wire. A put that was interrupted is taken up by running the same command again.

    A file that is there already gets a new version; the old one is kept. If somebody else changes it at the same moment, both stay: yours
    becomes a copy beside it, and the exit code is 5.

    A symbolic link in a folder is stored as one; a link that is named here is followed. With --json each file is a line, with progress in between and a summary at the end.`,
  examples: [
    ['bitvault put report.pdf home/work/', 'into the folder work'],
    ['bitvault put report.pdf home/work/final.pdf', 'under another name'],
    ['bitvault put photos home/', 'a folder, as home/photos'],
    ['bitvault put photos/. home/summer/', 'what is in photos, under another name'],
    ['bitvault put --trace big.iso home/', 'and show where the time went'],
  ],
  args: { min: 2, max: MANY },
  resumes: true,
  completes: 'local',
  options: {
    'no-clobber': { type: 'flag', short: 'n', doc: 'leave files alone that are there already' },
    trace: { type: 'flag', doc: 'afterwards, show the trace as a tree: every step, here and on the server' },
  },
  run: async (call, world) => (await import('../commands/put.ts')).put(call, world),
})

const get = defineCommand({
  name: 'get',
  summary: 'fetch files and folders from the server',
  usage: '[-r] <path>… [local]',
  about: `Fetches what is named. One path goes to the current folder; with two or more arguments the last is where to: a folder, or the new name of a file. Folders
    always go into it; home/photos/. is what is in photos, without the folder.

    Every byte is verified before a file appears, and an existing file is replaced as a whole or not at all. A file that is there with the same
    content is not fetched again; one with other content is left alone unless --force is given. A get that was interrupted is taken up
    by running it again.

    A symbolic link comes back as one where it points to something inside the folder that is fetched; others are left out and named.`,
  examples: [
    ['bitvault get home/work/report.pdf', 'into this folder'],
    ['bitvault get home/work/report.pdf old.pdf', 'under another name'],
    ['bitvault get -r home/photos .', 'a folder, as ./photos'],
    ['bitvault get -r home/photos/. summer', 'what is in it, into ./summer'],
    ['bitvault get home/a.txt home/b.txt /tmp', 'several, into /tmp'],
  ],
  args: { min: 1, max: MANY },
  resumes: true,
  completes: 'remote',
  options: {
    recursive: { type: 'flag', short: 'r', doc: 'folders too, with all that is in them' },
    force: { type: 'flag', short: 'f', doc: 'replace files that are there with other content' },
  },
  run: async (call, world) => (await import('../commands/get.ts')).get(call, world),
})

const ls = defineCommand({
  name: 'ls',
  summary: 'list a folder',
  usage: '[-l] [-R] [path]',
  about: `Lists a folder in the order of names; without a path, your spaces. A file is listed as itself.

    With --json each entry is a line: its path, and all that the server says about it.`,
  examples: [
    ['bitvault ls', 'your spaces'],
    ['bitvault ls -l home/work', 'with sizes, times and versions'],
    ['bitvault ls -R home', 'everything below'],
    ['bitvault ls --json home | jq -r .name', 'for a program'],
  ],
  args: { min: 0, max: 1 },
  completes: 'remote',
  options: {
    long: { type: 'flag', short: 'l', doc: 'size, time, version and name, one a line' },
    recursive: { type: 'flag', short: 'R', doc: 'the folders below as well' },
  },
  run: async (call, world) => (await import('../commands/ls.ts')).ls(call, world),
})

const mkdir = defineCommand({
  name: 'mkdir',
  summary: 'make folders',
  usage: '[-p] <path>…',
  about: 'Makes folders. Without -p, the folder above must exist and the name must be free.',
  examples: [
    ['bitvault mkdir home/work', 'one folder'],
    ['bitvault mkdir -p home/work/2027/plans', 'those above as well'],
  ],
  args: { min: 1, max: 1_000 },
  completes: 'remote',
  options: {
    parents: { type: 'flag', short: 'p', doc: 'make missing folders above; a folder that exists is no error' },
  },
  run: async (call, world) => (await import('../commands/mkdir.ts')).mkdir(call, world),
})

const stat = defineCommand({
  name: 'stat',
  summary: 'everything about a file or folder',
  usage: '<path>…',
  about: 'Shows size, version, times, SHA-256 and id.',
  examples: [
    ['bitvault stat home/work/report.pdf', 'for a person'],
    ['bitvault stat --json home/a.txt | jq -r .sha256', 'for a program'],
  ],
  args: { min: 1, max: 1_000 },
  completes: 'remote',
  options: {},
  run: async (call, world) => (await import('../commands/stat.ts')).stat(call, world),
})

const cat = defineCommand({
  name: 'cat',
  summary: 'write files to standard output',
  usage: '[--revision n] <path>…',
  about:
    'Writes the content as it is. Every byte is verified first. An earlier version is named by its number, as ls -l shows the newest.',
  examples: [
    ['bitvault cat home/notes.txt', 'read it here'],
    ['bitvault cat --revision 3 home/notes.txt', 'as it was'],
    ['bitvault cat home/site.tar | tar -x', 'into another program'],
  ],
  args: { min: 1, max: 1_000 },
  completes: 'remote',
  options: { revision: { type: 'count', value: 'n', doc: 'this version in place of the newest' } },
  run: async (call, world) => (await import('../commands/cat.ts')).cat(call, world),
})

const spaces = defineCommand({
  name: 'spaces',
  summary: 'the spaces that you may see',
  usage: '',
  about:
    'Every path begins with a space. home is your own; the others belong to teams. The last column says what you may do there.',
  examples: [['bitvault spaces', 'name, kind and role']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/spaces.ts')).spaces(call, world),
})

const spacesSet = defineCommand({
  name: 'spaces set',
  summary: 'how long trash and versions are kept',
  usage: '<space> [options]',
  about: `For managers of the space. What is not given stays. The present version of a file and versions with a label are always kept.`,
  examples: [
    ['bitvault spaces set home --trash-days 90', 'three months of trash'],
    ['bitvault spaces set home --versions-days all', 'old versions for ever'],
  ],
  args: { min: 1, max: 1 },
  completes: 'remote',
  options: {
    'trash-days': { type: 'count', value: 'n', doc: 'how long the trash is kept' },
    'versions-days': { type: 'text', value: 'n', doc: 'how long old versions are kept; all = for ever' },
    'versions-count': {
      type: 'text',
      value: 'n',
      doc: 'how many versions of a file, the present one too; all = any number',
    },
  },
  run: async (call, world) => (await import('../commands/spaces-set.ts')).spacesSet(call, world),
})

export const FILE_COMMANDS: readonly Command[] = [put, get, ls, mkdir, stat, cat, spaces, spacesSet]
