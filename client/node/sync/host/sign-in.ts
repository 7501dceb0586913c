import { createHash } from 'node:crypto'
import { AppError } from '../../../../core/errors.ts'
import type { Credential, CredentialStore, Session } from '../../../credentials.ts'

/** Who speaks to the server for a link: it may go and come back while the link is worked on. */
export type SignIn = {
  /** Another one whenever somebody signs in, out, or anew; no secret. `null`: nobody is signed in. */
  mark(): Promise<string | null>
  /** @throws AppError `unauthenticated` */
  open(): Promise<Session>
}

/** Of one server in the credential file. @param openSession how a session is made of what is kept there */
export function keptSignIn(
  store: CredentialStore,
  profile: string,
  openSession: (credential: Credential) => Session,
): SignIn {
  return {
    mark: async () => {
      const credential = await store.read(profile)
      return credential === null ? null : markOf(credential)
    },
    open: async () => {
      const credential = await store.read(profile)
      if (credential === null) throw new AppError('unauthenticated', { detail: 'nobody is signed in there' })
      return openSession(credential)
    },
  }
}

const markOf = (credential: Credential): string =>
  createHash('sha256')
    .update(credential.kind === 'token' ? credential.token : `${credential.accessToken} ${credential.refreshToken}`)
    .digest('hex')
