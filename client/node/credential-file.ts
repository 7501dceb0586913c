import type { CredentialStore } from '../credentials.ts'

/** A file of mode 0600 in `$XDG_CONFIG_HOME/bitvault/` (Windows: %APPDATA%\bitvault), several servers side by side. */
export function openCredentialFile(_folder?: string): CredentialStore {
  throw new Error('being written')
}
