/** What a login leaves behind for one server and profile. `token`: an API token of a machine, never refreshed. */
export type Credential =
  | {
      kind: 'session'
      server: string
      accessToken: string
      accessExpiresAt: number
      refreshToken: string
      clientId: string
    }
  | { kind: 'token'; server: string; token: string }

/** Keeps credentials by profile name. `update` is exclusive, across processes too: it reads, lets `change` decide, and writes. */
export interface CredentialStore {
  read(profile: string): Promise<Credential | null>
  list(): Promise<{ profile: string; server: string; isDefault: boolean }[]>
  update(
    profile: string,
    change: (present: Credential | null) => Promise<Credential | null>,
  ): Promise<Credential | null>
  setDefault(profile: string): Promise<void>
  /** The profile used when none is named, or null. */
  defaultProfile(): Promise<string | null>
}

export type SessionOptions = {
  store: CredentialStore
  profile: string
  fetch: typeof fetch
  /** Unix milliseconds. */
  clock: () => number
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** Hand both straight to `createApi`. */
export type Session = {
  /** A token good for 60 s more. Throws `unauthenticated` (never signed in), `session-revoked`, or `ConnectionError`. */
  accessToken: () => Promise<string>
  /** Gets a new token although the present one looks fresh. */
  onUnauthorized: () => Promise<void>
}

export function createSession(_options: SessionOptions): Session {
  throw new Error('being written')
}
