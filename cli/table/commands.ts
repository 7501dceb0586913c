import { defineCommand, type Command } from '../command.ts'
import { completionScript, isShell, SHELLS } from '../completion.ts'
import { EXIT } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { helpText } from '../help.ts'
import { sayVersion } from '../version.ts'
import { ACCOUNT_COMMANDS } from './account.ts'
import { FILE_COMMANDS } from './files.ts'
import { HISTORY_COMMANDS } from './history.ts'
import { NAMESPACE_COMMANDS } from './namespace.ts'
import { SYNC_COMMANDS } from './sync.ts'
import { SYNC_CLIENT_COMMANDS } from './sync-client.ts'

const adminAudit = defineCommand({
  name: 'admin audit',
  summary: 'compare the database with the bucket (on the server)',
  usage: '',
  about: `For the operator, where the server runs. Lists the whole bucket and compares it with the database: objects that nothing refers to and whose
    time is over, and references to objects that are not there. It changes nothing. Exit code 1 when it finds something.

    Without DATABASE_URL (its owner) and S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY in the environment, those
    of the embedded server in .bitvault are used; BITVAULT_DIR names another folder.`,
  examples: [
    ['bitvault admin audit', 'for a person'],
    ['bitvault admin audit --json', 'for a monitor'],
  ],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/admin-audit.ts')).adminAudit(call, world),
})

const adminNewEpoch = defineCommand({
  name: 'admin new-epoch',
  summary: 'let clients begin anew after a restore (on the server)',
  usage: '',
  about: `For the operator, where the server runs, after the database was restored from a backup. What clients have seen since the backup was made is
    no longer there; from now on each of them is told so and takes a snapshot. The server notices most restores by itself; this command leaves nothing to chance.

    The database is found as by bitvault admin audit.`,
  examples: [['bitvault admin new-epoch', 'before or after the server starts again']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/admin-new-epoch.ts')).adminNewEpoch(call, world),
})

const completion = defineCommand({
  name: 'completion',
  summary: 'completion for your shell',
  usage: '<bash|zsh|fish>',
  about: 'Prints a script that lets the shell complete commands, options and files.',
  examples: [
    ['source <(bitvault completion bash)', 'in ~/.bashrc'],
    ['source <(bitvault completion zsh)', 'in ~/.zshrc'],
    ['bitvault completion fish | source', 'in config.fish'],
  ],
  args: { min: 1, max: 1 },
  completes: 'shell',
  options: {},
  run: async (call, world) => {
    const shell = call.args[0] ?? ''
    if (!isShell(shell)) throw usageError(`completion is there for ${SHELLS.join(', ')}`)
    await world.stdout.write(completionScript(shell, COMMANDS))
    return EXIT.ok
  },
})

const version = defineCommand({
  name: 'version',
  summary: 'the version of this program',
  usage: '',
  about: 'Prints the version, and that of the protocol that it speaks.',
  examples: [['bitvault version', '']],
  args: { min: 0, max: 0 },
  options: {},
  run: (call, world) => sayVersion(call.options, world),
})

const help = defineCommand({
  name: 'help',
  summary: 'about a command, or all of them',
  usage: '[command]',
  about: 'The same as bitvault <command> --help.',
  examples: [['bitvault help put', '']],
  args: { min: 0, max: 2 },
  completes: 'command',
  options: {},
  run: async (call, world) => {
    await world.stdout.write(helpText(call.args, COMMANDS))
    return EXIT.ok
  },
})

const section = (name: string, commands: readonly Command[]): Command[] =>
  commands.map((command) => ({ ...command, section: name }))

/** Everything that `bitvault` can do; the parser, `--help` and the shell completion are made from it. */
export const COMMANDS: readonly Command[] = [
  ...section('Files', [...FILE_COMMANDS, ...NAMESPACE_COMMANDS]),
  ...section('What was deleted or changed', HISTORY_COMMANDS),
  ...section('Folders that are kept in step', SYNC_CLIENT_COMMANDS),
  ...section('With other devices and people', SYNC_COMMANDS),
  ...section('Account', ACCOUNT_COMMANDS),
  ...section('Other', [adminAudit, adminNewEpoch, completion, version, help]),
]
