import { defineCommand, type Command } from '../command.ts'

const sync = defineCommand({
  name: 'sync',
  summary: 'keep a folder in step with one on the server',
  usage: '[--once|--background] <folder> [space/path]',
  about: `Links a folder of this computer to one on the server, the first time, and keeps the two in step until Ctrl-C: what changes on either side
    changes on the other. Without a path it is home/<name of the folder>; a folder that is missing on the server is made.`,
  examples: [
    ['bitvault sync ~/Photos home/photos', 'until Ctrl-C'],
    ['bitvault sync --background ~/Photos', 'from now on'],
    ['bitvault sync --once ~/Photos', 'until both are the same'],
  ],
  args: { min: 1, max: 2 },
  completes: 'local',
  resumes: true,
  options: {
    once: { type: 'flag', doc: 'end when nothing is left to be done' },
    background: { type: 'flag', short: 'b', doc: 'hand it to the background process, and return' },
    'limit-up': { type: 'text', value: 'rate', doc: 'send at most so much a second, such as 500K or 2M; 0: no limit' },
    'limit-down': { type: 'text', value: 'rate', doc: 'the same for what is fetched' },
    anew: { type: 'flag', doc: 'link it as a new folder, whatever mark of another link it carries' },
    moved: { type: 'flag', doc: 'it is a linked folder that was moved here' },
  },
  run: async (call, world) => (await import('../commands/sync/sync.ts')).sync(call, world),
})

const syncDaemon = defineCommand({
  name: 'sync daemon',
  summary: 'the background process itself: for services',
  usage: '',
  about: `Works on all linked folders in one process, until it is ended (SIGTERM). Folders that are linked later are taken up. This is what the service
    at login runs; people use bitvault sync --background.`,
  examples: [['bitvault sync daemon', 'what a service runs']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/sync/daemon.ts')).syncDaemon(call, world),
})

/** Folders of this computer that are kept in step. */
export const SYNC_CLIENT_COMMANDS: readonly Command[] = [sync, syncDaemon]
