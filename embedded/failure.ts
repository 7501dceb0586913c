/** Why the product cannot start or go on, in words for the person at the terminal: one sentence, and what to do. */
export class StartFailure extends Error {
  readonly advice: string
  constructor(sentence: string, advice: string, options: { cause?: unknown } = {}) {
    super(sentence, options)
    this.name = 'StartFailure'
    this.advice = advice
  }
}

type Explanation = { when: RegExp; sentence: string; advice: string }

/** Matched in order against the code and the text of an error, whoever made it: the system, Postgres, workerd. */
const KNOWN: Explanation[] = [
  {
    when: /ENOSPC|EDQUOT|No space left on device|disk (is )?full|\b53100\b/i,
    sentence: 'The disk is full.',
    advice: 'Free some space and start again; nothing that was saved is lost.',
  },
  {
    when: /EROFS|Read-only file system/i,
    sentence: 'The folder is on a read-only file system.',
    advice: 'Choose another place for the data: npm start -- --dir <folder>',
  },
  {
    when: /EACCES|EPERM|Permission denied|unable to open database file|readonly database/i,
    sentence: 'The data folder is not writable.',
    advice: 'Give yourself write access, or choose another place: npm start -- --dir <folder>',
  },
  {
    when: /ENOENT[^\n]*mkdir/,
    sentence: 'No folder can be made there.',
    advice: 'Choose another place for the data: npm start -- --dir <folder>',
  },
  {
    when: /ENOTDIR|EEXIST/,
    sentence: 'There is a file where the data folder should be.',
    advice: 'Move that file away, or choose another place: npm start -- --dir <folder>',
  },
  {
    when: /EMFILE|ENFILE|Too many open files/i,
    sentence: 'The system allows too few open files.',
    advice: 'Raise the limit, for example with: ulimit -n 4096',
  },
  {
    when: /ENOMEM|Cannot allocate memory|could not create shared memory|could not map anonymous/i,
    sentence: 'There is not enough memory.',
    advice: 'Close something, or give this machine or container more memory (about 500 MB are needed).',
  },
  {
    when: /\b28P01\b|\b28000\b|password authentication failed/i,
    sentence: 'The database refused the user name or the password.',
    advice: 'Check DATABASE_URL; without it an embedded database is used.',
  },
  {
    when: /\b3D000\b/,
    sentence: 'The database does not exist on that server.',
    advice: 'Create it, or correct the name at the end of DATABASE_URL.',
  },
  {
    when: /\b42501\b/,
    sentence: 'The database user may not create the roles and tables of BitVault.',
    advice: 'DATABASE_URL must be a user who owns the database and may create roles.',
  },
  {
    when: /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|CONNECT_TIMEOUT/,
    sentence: 'A server that BitVault needs cannot be reached.',
    advice: 'Check that it runs, and the addresses in DATABASE_URL and S3_ENDPOINT.',
  },
]

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''

/**
 * Any error as a {@link StartFailure}. What is not known keeps its own message (its first line) with the advice to
 * look at it with --debug.
 */
export function explainFailure(error: unknown): StartFailure {
  if (error instanceof StartFailure) return error
  const message = error instanceof Error ? error.message : String(error)
  const known = KNOWN.find(({ when }) => when.test(codeOf(error)) || when.test(message))
  if (known) return new StartFailure(known.sentence, known.advice, { cause: error })
  const firstLine = message.split('\n')[0] ?? message
  return new StartFailure(`BitVault could not start: ${firstLine}`, 'Run it again with --debug for the details.', {
    cause: error,
  })
}
