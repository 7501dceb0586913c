import { defineCommand, type Command } from '../command.ts'

const sync = defineCommand({
  name: 'sync',
  summary: 'keep a folder in step with one on the server',
  usage: '[--once|--background] <folder> [space/path]',
  about: `Links a folder of this computer to one on the server, the first time, and keeps the two in step until Ctrl-C: what changes on either side
    changes on the other. Without a path it is home/<name of the folder>; a folder that is missing on the server is made. Nothing that
    is in either is deleted or overwritten when they are linked.

    A linked folder is worked on by one process: where the background process does, this command shows what it does.

    Where many things are gone on one side, nothing is deleted on the other before you say so (bitvault sync answer). What was removed or
    replaced on this computer is kept for 30 days in .bitvault/trash in the folder. --once ends with 6 when something is blocked or waits for an answer.

    A folder that is called as one of the commands below is written ./status.`,
  examples: [
    ['bitvault sync ~/Photos home/photos', 'until Ctrl-C'],
    ['bitvault sync --background ~/Photos', 'from now on'],
    ['bitvault sync --once ~/Photos', 'until both are the same'],
  ],
  args: { min: 1, max: 2 },
  completes: 'local',
  resumes: true,
  options: {
    once: { type: 'flag', doc: 'end when nothing is left that can be done' },
    background: { type: 'flag', short: 'b', doc: 'hand it to the background process, and return' },
    'limit-up': { type: 'text', value: 'rate', doc: 'send at most so much a second, such as 500K or 2M; 0: no limit' },
    'limit-down': { type: 'text', value: 'rate', doc: 'the same for what is fetched' },
    anew: { type: 'flag', doc: 'link it as a new folder, whatever mark of another link it carries: of a copy' },
    moved: { type: 'flag', doc: 'it is a linked folder that you have moved here' },
  },
  run: async (call, world) => (await import('../commands/sync/sync.ts')).sync(call, world),
})

const syncStatus = defineCommand({
  name: 'sync status',
  summary: 'how linked folders fare: what moves, what is blocked',
  usage: '[--follow] [folder]',
  about: `Shows each linked folder: whether it is up to date, what is moving, how much is left, what is blocked and why, what waits for an answer. Up to date is
    said only when both sides were compared and nothing is left to be done.`,
  examples: [
    ['bitvault sync status', 'all of them'],
    ['bitvault sync status --follow ~/Photos', 'watch one'],
    ['bitvault sync status --json | jq .links[].state', 'for a program'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {
    follow: { type: 'flag', short: 'f', doc: 'go on until Ctrl-C' },
    blocked: { type: 'flag', doc: 'everything that is blocked, by reason' },
  },
  run: async (call, world) => (await import('../commands/sync/status.ts')).syncStatus(call, world),
})

const syncPlan = defineCommand({
  name: 'sync plan',
  summary: 'what would be done, and do nothing',
  usage: '[folder]',
  about: `Compares both sides and lists what would be sent, fetched, moved and deleted. Nothing is done. It works whether the folder is worked on, paused or
    neither; new files here are read, which may take its time.`,
  examples: [
    ['bitvault sync plan ~/Photos', 'before it begins'],
    ['bitvault sync pause && bitvault sync plan', 'before it goes on'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/plan.ts')).syncPlan(call, world),
})

const syncPause = defineCommand({
  name: 'sync pause',
  summary: 'let a folder rest, or all',
  usage: '[folder]',
  about: 'Nothing is sent, fetched or changed until bitvault sync resume; not after a restart either.',
  examples: [
    ['bitvault sync pause ~/Photos', 'one'],
    ['bitvault sync pause', 'all'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/pause.ts')).syncPause(call, world),
})

const syncResume = defineCommand({
  name: 'sync resume',
  summary: 'go on with a folder that was paused, or all',
  usage: '[folder]',
  about: 'Ends a pause. What changed on either side meanwhile is found.',
  examples: [
    ['bitvault sync resume ~/Photos', 'one'],
    ['bitvault sync resume', 'all'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/pause.ts')).syncResume(call, world),
})

const syncAnswer = defineCommand({
  name: 'sync answer',
  summary: 'say whether many deletes, or old files, were meant',
  usage: 'keep|delete|send [folder]',
  about: `Where many things are gone on one side, nothing is deleted on the other until you answer. keep brings them back from the other side; delete deletes
    them there too: on the server into its trash, here into .bitvault/trash in the folder. Where many files are older than they were, as when a backup is put
    back, none is sent until you answer: send makes them the newest versions, keep keeps them beside what the server has. Everything else goes on meanwhile.`,
  examples: [
    ['bitvault sync answer keep', 'it was a mistake'],
    ['bitvault sync answer delete ~/Photos', 'the deletes were meant'],
    ['bitvault sync answer send ~/Photos', 'the old files are to be the newest'],
  ],
  args: { min: 1, max: 2 },
  words: ['keep', 'delete', 'send'],
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/answer.ts')).syncAnswer(call, world),
})

const syncRepair = defineCommand({
  name: 'sync repair',
  summary: 'fetch again what a failing disk has damaged',
  usage: '[folder]',
  about: `All files here are read again within a week, slowly, while there is nothing else to do. One whose bytes have changed though nobody has written is listed by
    bitvault sync status as damaged, and never sent. This fetches what the server has; the damaged file goes to .bitvault/trash in the folder.`,
  examples: [['bitvault sync repair ~/Photos', 'in one folder']],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/repair.ts')).syncRepair(call, world),
})

const syncConflicts = defineCommand({
  name: 'sync conflicts',
  summary: 'files in linked folders that two people changed at once',
  usage: '[folder]',
  about: `Lists the open conflicts with both sides, and where they are on this computer: the file, and the conflicted copy beside it. End one with bitvault
    conflicts resolve, which takes these paths too.`,
  examples: [
    ['bitvault sync conflicts ~/Photos', 'in one folder'],
    ['bitvault conflicts resolve ~/Photos/a.txt --theirs', 'end one'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/conflicts.ts')).syncConflicts(call, world),
})

const syncIgnore = defineCommand({
  name: 'sync ignore',
  summary: 'what of a folder is left out',
  usage: '[--remove] [folder] [pattern…]',
  about: `Lists, adds and removes rules of .bitvaultignore in a linked folder, in the syntax of .gitignore, and says what they leave out now. The file is kept in
    step itself, so the rules hold on all devices. What the server has of something that is left out stays there. The folder may be left out where it is clear which one is meant.`,
  examples: [
    ['bitvault sync ignore ~/Photos', 'the rules'],
    ["bitvault sync ignore ~/Photos '*.tmp' build/", 'leave these out'],
    ["bitvault sync ignore --remove ~/Photos '*.tmp'", 'no longer'],
  ],
  args: { min: 0, max: 1_000 },
  completes: 'local',
  options: { remove: { type: 'flag', doc: 'take these rules away' } },
  run: async (call, world) => (await import('../commands/sync/ignore.ts')).syncIgnore(call, world),
})

const syncUnselect = defineCommand({
  name: 'sync unselect',
  summary: 'leave a folder on the server alone',
  usage: '[path]',
  about: `Selective sync: the folder leaves this computer and stays on the server. What was changed in it here is sent first; what cannot be sent stays. Named by
    its path on the server or here. It is known by its id: it may be renamed and moved on the server. Without a path, all that is not selected is listed.`,
  examples: [
    ['bitvault sync unselect home/photos/raw', 'by its path on the server'],
    ['bitvault sync unselect ~/Photos/raw', 'by its path here'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/select.ts')).syncUnselect(call, world),
})

const syncSelect = defineCommand({
  name: 'sync select',
  summary: 'fetch a folder again that was not selected',
  usage: '[path]',
  about: 'Takes bitvault sync unselect back. Without a path, all that is not selected is listed.',
  examples: [
    ['bitvault sync select home/photos/raw', 'it comes back'],
    ['bitvault sync select', 'what is not here'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/select.ts')).syncSelect(call, world),
})

const syncDoctor = defineCommand({
  name: 'sync doctor',
  summary: 'look at everything that sync needs, and what to do',
  usage: '[folder]',
  about: `Looks at the folder and its mark, who works on it, what its file system can hold, the watcher, the room on the disks, the sync database, the clock, the
    sign-in, the server and its protocol, the device, stops without warning, steps that were refused to be safe, the safety trash, and what is
    blocked. Exit code 1 when something is not as it should be.`,
  examples: [
    ['bitvault sync doctor', 'all folders'],
    ['bitvault sync doctor --json | jq \'.findings[] | select(.is != "good")\'', 'for a monitor'],
  ],
  args: { min: 0, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/doctor.ts')).syncDoctor(call, world),
})

const syncStop = defineCommand({
  name: 'sync stop',
  summary: 'end the background process',
  usage: '',
  about:
    'Ends the background process. Links stay: bitvault sync --background, or the next login where the service is installed, begins it again.',
  examples: [['bitvault sync stop', 'nothing is lost']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/sync/stop.ts')).syncStop(call, world),
})

const syncUnlink = defineCommand({
  name: 'sync unlink',
  summary: 'end a link; files stay on both sides',
  usage: '<folder>',
  about: `The folder is no longer kept in step. All files stay, here and on the server. What was not sent yet is here only: bitvault sync --once sends it
    before.`,
  examples: [['bitvault sync unlink ~/Photos', 'each goes its own way']],
  args: { min: 1, max: 1 },
  completes: 'local',
  options: {},
  run: async (call, world) => (await import('../commands/sync/unlink.ts')).syncUnlink(call, world),
})

const syncService = defineCommand({
  name: 'sync service',
  summary: 'begin the background process at each login',
  usage: '[--print] install|remove|status',
  about: `install writes a systemd user unit, a launchd agent or a task of the Windows scheduler, and starts it; remove takes it away. Where the tool of the system
    cannot be used from here, the commands are printed. --print shows what would be written.

    A systemd user unit runs while you are logged in; loginctl enable-linger keeps it running.`,
  examples: [
    ['bitvault sync service install', 'at each login'],
    ['bitvault sync service --print install', 'only look'],
  ],
  args: { min: 1, max: 1 },
  words: ['install', 'remove', 'status'],
  options: { print: { type: 'flag', doc: 'show the text, write nothing' } },
  run: async (call, world) => (await import('../commands/sync/service.ts')).syncService(call, world),
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
export const SYNC_CLIENT_COMMANDS: readonly Command[] = [
  sync,
  syncStatus,
  syncPlan,
  syncPause,
  syncResume,
  syncAnswer,
  syncRepair,
  syncConflicts,
  syncIgnore,
  syncSelect,
  syncUnselect,
  syncDoctor,
  syncStop,
  syncUnlink,
  syncService,
  syncDaemon,
]
