import { defineCommand, type Command } from '../command.ts'

const login = defineCommand({
  name: 'login',
  summary: 'sign in',
  usage: '[--server URL] [--name device] [--token-stdin]',
  about: `Shows an address and a code: open the address in a browser, on any device, sign in there and enter the code. The sign-in is kept for this
    user of this computer (file mode 0600), renewed by itself, and ended by bitvault logout.

    Machines use an API token (bitvault token create). It can be kept with --token-stdin, or given in BITVAULT_TOKEN without being kept.`,
  examples: [
    ['bitvault login --server https://vault.example', 'a person'],
    ['bitvault login --token-stdin < token.txt', 'a machine'],
    ['BITVAULT_TOKEN=bvt_… bitvault ls', 'a machine that keeps nothing'],
  ],
  args: { min: 0, max: 0 },
  options: {
    name: { type: 'text', value: 'device', doc: 'what to call this device; otherwise the name of the computer' },
    token: {
      type: 'text',
      value: 'bvt_…',
      doc: 'an API token; other users of this computer can see it while the command runs',
    },
    'token-stdin': { type: 'flag', doc: 'read the API token from standard input' },
  },
  run: async (call, world) => (await import('../commands/login.ts')).login(call, world),
})

const logout = defineCommand({
  name: 'logout',
  summary: 'end the sign-in on this computer',
  usage: '',
  about:
    'Forgets the sign-in here and ends the session on the server. An API token is only forgotten: bitvault token revoke ends it.',
  examples: [['bitvault logout', 'from the server last signed in to']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/logout.ts')).logout(call, world),
})

const whoami = defineCommand({
  name: 'whoami',
  summary: 'who you are, and where',
  usage: '',
  about: 'Asks the server: it also tells whether the sign-in still holds.',
  examples: [['bitvault whoami', 'name and server']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/whoami.ts')).whoami(call, world),
})

const tokenCreate = defineCommand({
  name: 'token create',
  summary: 'make an API token for a machine',
  usage: '[--days n] <name>',
  about:
    'Makes a token that may do what you may do. It is shown once, on standard output, so that it can go straight to where it is kept.',
  examples: [
    ['bitvault token create backup --days 365', 'for a year'],
    ['bitvault token create ci -q > token.txt', 'into a file'],
  ],
  args: { min: 1, max: 1 },
  options: { days: { type: 'count', value: 'n', doc: 'it ends after so many days, at most 366; otherwise 90' } },
  run: async (call, world) => (await import('../commands/token.ts')).tokenCreate(call, world),
})

const tokenList = defineCommand({
  name: 'token list',
  summary: 'your API tokens',
  usage: '',
  about: 'Lists your API tokens; never the tokens themselves.',
  examples: [['bitvault token list', 'id, name, times']],
  args: { min: 0, max: 0 },
  options: {},
  run: async (call, world) => (await import('../commands/token.ts')).tokenList(call, world),
})

const tokenRevoke = defineCommand({
  name: 'token revoke',
  summary: 'end an API token',
  usage: '<id|name>',
  about: 'Ends a token at once. Machines that use it get exit code 3.',
  examples: [['bitvault token revoke backup', 'by its name']],
  args: { min: 1, max: 1 },
  options: {},
  run: async (call, world) => (await import('../commands/token.ts')).tokenRevoke(call, world),
})

export const ACCOUNT_COMMANDS: readonly Command[] = [login, logout, whoami, tokenCreate, tokenList, tokenRevoke]
