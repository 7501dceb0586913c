import { defineCommand, type Command } from '../command.ts'

const conflicts = defineCommand({
  name: 'conflicts',
  summary: 'files that two people changed at once',
  usage: '[space]',
  about: `Lists the conflicts that are open, with both sides: who wrote, when, on which device, how much. mine is the write that came second, theirs
    what was there. A conflict is ended once, for everybody.`,
  examples: [
    ['bitvault conflicts', 'those that are open'],
    ['bitvault conflicts resolve home/a.txt --theirs', 'end one'],
  ],
  args: { min: 0, max: 1 },
  completes: 'remote',
  options: { all: { type: 'flag', short: 'a', doc: 'those that were ended as well' } },
  run: async (call, world) => (await import('../commands/conflicts.ts')).conflicts(call, world),
})

const conflictsShow = defineCommand({
  name: 'conflicts show',
  summary: 'one conflict, and how it can end',
  usage: '<path|id>',
  about: 'Shows both sides and what they began with. A conflict is named by its id, or while it is open by its path.',
  examples: [['bitvault conflicts show home/a.txt', 'by its path']],
  args: { min: 1, max: 1 },
  completes: 'remote',
  options: {},
  run: async (call, world) => (await import('../commands/conflicts.ts')).conflictsShow(call, world),
})

const conflictsGet = defineCommand({
  name: 'conflicts get',
  summary: 'fetch what came second',
  usage: '[-o file] <path|id>',
  about:
    'Fetches the content that came second, also where only the conflict holds it, so that it can be compared and merged.',
  examples: [['bitvault conflicts get -o mine.txt home/a.txt', 'into a file']],
  args: { min: 1, max: 1 },
  completes: 'remote',
  options: {
    output: { type: 'text', short: 'o', value: 'file', doc: 'where to: a file or a folder' },
    force: { type: 'flag', short: 'f', doc: 'replace a file that is there with other content' },
  },
  run: async (call, world) => (await import('../commands/conflicts.ts')).conflictsGet(call, world),
})

const conflictsResolve = defineCommand({
  name: 'conflicts resolve',
  summary: 'end a conflict',
  usage: '<path|id> --mine|--theirs|--both|--merged file',
  about: `Ends a conflict, once for everybody. Nothing is lost: what was not chosen is an earlier version, or in the trash.`,
  examples: [
    ['bitvault conflicts resolve home/a.txt --mine', 'what came second'],
    ['bitvault conflicts resolve home/a.txt --merged m.txt', 'a file that holds both'],
  ],
  args: { min: 1, max: 1 },
  completes: 'remote',
  options: {
    mine: { type: 'flag', doc: 'what came second becomes the newest version' },
    theirs: { type: 'flag', doc: 'what was there stays' },
    both: { type: 'flag', doc: 'keep both, side by side' },
    merged: { type: 'text', value: 'file', doc: 'this file becomes the newest version' },
  },
  run: async (call, world) => (await import('../commands/conflicts-resolve.ts')).conflictsResolve(call, world),
})

const devices = defineCommand({
  name: 'devices',
  summary: 'your devices that synchronise',
  usage: '',
  about:
    'Lists your devices: when each was last seen, how many changes it is behind by, and what keeps it from synchronising.',
  examples: [['bitvault devices', 'how they fare']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/devices.ts')).devices(call, world),
})

const devicesRevoke = defineCommand({
  name: 'devices revoke',
  summary: 'sign a device out',
  usage: '<id|name>',
  about: 'Ends the sign-in of a device that was lost or is no longer used. What it holds on its disk stays there.',
  examples: [['bitvault devices revoke "old laptop"', 'by its name']],
  args: { min: 1, max: 1 },
  options: {},
  run: async (call, world) => (await import('../commands/devices.ts')).devicesRevoke(call, world),
})

const changes = defineCommand({
  name: 'changes',
  summary: 'what has changed, as a list or live',
  usage: '[--follow] [--cursor c]',
  about: `Lists the journal of what you may see, the oldest first. With --follow it shows what happens from now on, as it happens, until Ctrl-C.
    At the end it tells a cursor: with --cursor the list goes on from there.

    With --json each change is a line.`,
  examples: [
    ['bitvault changes --follow', 'watch'],
    ['bitvault changes', 'from the beginning'],
    ['bitvault changes --json --cursor "$last" | jq -c .path', 'for a program'],
  ],
  args: { min: 0, max: 0 },
  options: {
    follow: { type: 'flag', short: 'f', doc: 'go on with what happens' },
    cursor: { type: 'text', value: 'c', doc: 'begin after this one' },
  },
  run: async (call, world) => (await import('../commands/changes.ts')).changes(call, world),
})

export const SYNC_COMMANDS: readonly Command[] = [
  conflicts,
  conflictsShow,
  conflictsGet,
  conflictsResolve,
  changes,
  devices,
  devicesRevoke,
]
