import type { OAuthError } from '../../protocol/identity.ts'

/** What the token endpoint refuses with; RFC 6749, section 5.2. */
export class OAuthFailure extends Error {
  readonly error: OAuthError
  constructor(error: OAuthError, description: string) {
    super(description)
    this.name = 'OAuthFailure'
    this.error = error
  }
}
