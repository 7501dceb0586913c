import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Credential, CredentialStore } from '../credentials.ts'
import { withFileLock } from './file-lock.ts'
import { configFolder } from './folders.ts'
import { replacePrivateFile } from './private-file.ts'

const credential = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('session'),
    server: z.string(),
    accessToken: z.string(),
    accessExpiresAt: z.number(),
    refreshToken: z.string(),
    clientId: z.string(),
  }),
  z.object({ kind: z.literal('token'), server: z.string(), token: z.string() }),
])
const fileFormat = z.object({
  version: z.literal(1),
  default: z.string().nullable().default(null),
  profiles: z.record(z.string(), credential),
})
type Stored = z.infer<typeof fileFormat>

const EMPTY: Stored = { version: 1, default: null, profiles: {} }

/**
 * A file of mode 0600 in `$XDG_CONFIG_HOME/bitvault/` (Windows: %APPDATA%\bitvault), several servers side by side. It is replaced
 * as a whole by a rename, so that a crash leaves the old or the new one.
 */
export function openCredentialFile(folder: string = configFolder()): CredentialStore {
  const path = join(folder, 'credentials.json')
  const change = <T>(work: (stored: Stored) => Promise<T>): Promise<T> =>
    withFileLock(`${path}.lock`, async () => {
      const stored = await readStored(path)
      const result = await work(stored)
      await replacePrivateFile(path, JSON.stringify(stored, null, 2))
      return result
    })

  return {
    read: async (profile) => (await readStored(path)).profiles[profile] ?? null,
    list: async () => {
      const stored = await readStored(path)
      return Object.entries(stored.profiles).map(([profile, { server }]) => ({
        profile,
        server,
        isDefault: profile === stored.default,
      }))
    },
    defaultProfile: async () => (await readStored(path)).default,
    setDefault: (profile) =>
      change(async (stored) => {
        if (stored.profiles[profile] === undefined) throw new AppError('not-found', { detail: 'no such profile' })
        stored.default = profile
      }),
    update: (profile, decide) =>
      change(async (stored) => {
        const next = await decide(stored.profiles[profile] ?? null)
        setProfile(stored, profile, next)
        return next
      }),
  }
}

/** The first profile becomes the default; one that is forgotten hands the default on. */
function setProfile(stored: Stored, profile: string, next: Credential | null): void {
  if (next !== null) {
    stored.profiles[profile] = next
    stored.default ??= profile
    return
  }
  delete stored.profiles[profile]
  if (stored.default === profile) stored.default = Object.keys(stored.profiles)[0] ?? null
}

async function readStored(path: string): Promise<Stored> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return structuredClone(EMPTY)
    throw error
  }
  try {
    return fileFormat.parse(JSON.parse(text))
  } catch {
    // No cause: it would quote the file.
    throw new AppError('internal', { detail: `${path} is not readable as credentials; move it away and sign in again` })
  }
}
