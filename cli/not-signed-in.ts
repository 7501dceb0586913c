import { EXIT } from './exit-codes.ts'
import { CliError } from './failure.ts'
import { LOCAL_SERVER } from './server-address.ts'

/** With the command that signs in there, and nowhere else. */
export const notSignedIn = (server: string): CliError =>
  new CliError({
    code: 'unauthenticated',
    exit: EXIT.notSignedIn,
    message: `You are not signed in to ${server}.`,
    next: server === LOCAL_SERVER ? 'Run: bitvault login' : `Run: bitvault login --server ${server}`,
  })

/** Signing in would not help: an API token goes before it. */
export const apiTokenRefused = (): CliError =>
  new CliError({
    code: 'session-revoked',
    exit: EXIT.notSignedIn,
    message: 'The API token is refused: it is unknown, revoked or past its time.',
    next: 'Make another where you are signed in: bitvault token create',
  })
