import { defineCommand, type Command } from '../command.ts'

const MANY = 10_000

const taken = {
  'no-clobber': { type: 'flag', short: 'n', doc: 'leave what is there alone' },
  replace: { type: 'flag', doc: 'a file that is there goes to the trash' },
  'keep-both': { type: 'flag', doc: 'give it another name where its own is taken' },
  parents: { type: 'flag', short: 'p', doc: 'make the folders that are missing' },
} as const

const mv = defineCommand({
  name: 'mv',
  summary: 'move or rename files and folders',
  usage: '<from>… <to>',
  about: `A destination that is a folder gets each thing under its own name; otherwise its last part is the new name. Only names change: a folder
    of a million files moves at once.

    A name that is taken is an error unless -n, --replace or --keep-both is given. Between two spaces it is a copy there and the trash here, and
    earlier versions stay with the one in the trash.`,
  examples: [
    ['bitvault mv home/a.txt home/b.txt', 'another name'],
    ['bitvault mv home/a.txt home/b.txt home/work/', 'into a folder'],
    ['bitvault mv --replace home/new.txt home/old.txt', 'the old one goes to the trash'],
  ],
  args: { min: 2, max: MANY },
  completes: 'remote',
  options: taken,
  run: async (call, world) => (await import('../commands/mv.ts')).mv(call, world),
})

const cp = defineCommand({
  name: 'cp',
  summary: 'copy files and folders on the server',
  usage: '[-r] <from>… <to>',
  about: `Copies without fetching or sending a byte. Where the copy goes is as for mv. A folder that is more than one request may copy is copied
    folder by folder; what changes meanwhile may be in the copy or not.`,
  examples: [
    ['bitvault cp home/a.txt home/work/', 'into a folder'],
    ['bitvault cp -r home/photos home/backup', 'a folder, under another name'],
    ['bitvault cp --revision 3 home/a.txt home/old.txt', 'an earlier version'],
  ],
  args: { min: 2, max: MANY },
  completes: 'remote',
  options: {
    recursive: { type: 'flag', short: 'r', doc: 'folders too, with all that is in them' },
    revision: { type: 'count', value: 'n', doc: 'this version of the file in place of the newest' },
    ...taken,
  },
  run: async (call, world) => (await import('../commands/cp.ts')).cp(call, world),
})

const rm = defineCommand({
  name: 'rm',
  summary: 'delete files and folders, into the trash',
  usage: '[-r] <path>…',
  about: `Puts what is named into the trash, a folder as a whole. bitvault restore brings it back; after 30 days, or what bitvault spaces set says, it
    is gone for good. bitvault trash empty does that at once.`,
  examples: [
    ['bitvault rm home/a.txt', 'a file'],
    ['bitvault rm -r home/photos', 'a folder, with all that is in it'],
    ['bitvault restore home/a.txt', 'and back again'],
  ],
  args: { min: 1, max: MANY },
  completes: 'remote',
  options: {
    recursive: { type: 'flag', short: 'r', doc: 'folders too, with all that is in them' },
    force: { type: 'flag', short: 'f', doc: 'what does not exist is no error' },
  },
  run: async (call, world) => (await import('../commands/rm.ts')).rm(call, world),
})

const ln = defineCommand({
  name: 'ln',
  summary: 'make a symbolic link',
  usage: '-s <target> <path>',
  about: `Makes a link at the path. The target is kept as it is given, as a link in a folder of yours would say it; the server never
    follows it.`,
  examples: [['bitvault ln -s 2027/plan.pdf home/current.pdf', 'beside the folder 2027']],
  args: { min: 2, max: 2 },
  completes: 'remote',
  options: {
    symbolic: { type: 'flag', short: 's', doc: 'symbolic; there are no others' },
    force: { type: 'flag', short: 'f', doc: 'a link that is there points here from now on' },
  },
  run: async (call, world) => (await import('../commands/ln.ts')).ln(call, world),
})

const set = defineCommand({
  name: 'set',
  summary: 'change what is known about a file or folder',
  usage: '[options] <path>…',
  about: `Sets the executable bit, the time of the last change, and properties: small facts that people and programs keep with a file or folder.

    --conflicts says what happens in a folder, and in those below it, when two people change a file at once: keep-both makes a copy beside it;
    newest-wins makes the later one the newest version; manual holds the later one back until somebody decides; inherit does as the folder
    above.`,
  examples: [
    ['bitvault set --executable home/run.sh', 'as chmod +x'],
    ['bitvault set --mtime now home/a.txt', 'as touch'],
    ['bitvault set --property project=apollo home/a.txt', 'a fact of your own'],
    ['bitvault set --conflicts manual home/contracts', 'what two writers get'],
  ],
  args: { min: 1, max: 1_000 },
  completes: 'remote',
  options: {
    executable: { type: 'flag', short: 'x', doc: 'it is a program' },
    'no-executable': { type: 'flag', doc: 'it is none' },
    mtime: { type: 'text', value: 'time', doc: 'when its content was changed: 2026-03-04T05:06:07, or now' },
    property: { type: 'list', value: 'k=v', doc: 'may be given several times' },
    'remove-property': { type: 'list', value: 'k', doc: 'may be given several times' },
    conflicts: { type: 'text', value: 'how', doc: 'keep-both, newest-wins, manual or inherit' },
  },
  run: async (call, world) => (await import('../commands/set.ts')).set(call, world),
})

export const NAMESPACE_COMMANDS: readonly Command[] = [mv, cp, rm, ln, set]
