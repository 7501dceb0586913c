import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { replacePrivateFile } from '../../private-file.ts'
import { runtimeFolder } from '../../runtime-folder.ts'

/** Of requests and answers. Fields are added; what changes the meaning of one is another version. */
export const CONTROL_VERSION = 1

const noteSchema = z.object({
  version: z.literal(CONTROL_VERSION),
  pid: z.int(),
  /** A socket's path, or the name of a pipe. */
  address: z.string().min(1),
  /** Whoever reads this file may speak: it is for its owner alone. */
  token: z.string().min(16),
})

/** How to reach a process: a file of mode 0600 that whoever works on a link keeps beside its database. */
export type ControlNote = z.infer<typeof noteSchema>

/** `null`: nobody works there, or somebody whose version we do not know. */
export function readControlNote(path: string): ControlNote | null {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}

/** The address is a new one each time: a socket that a dead process has left is in nobody's way. */
export function freshNote(platform: NodeJS.Platform = process.platform): ControlNote {
  const name = randomBytes(8).toString('hex')
  const address = platform === 'win32' ? `\\\\.\\pipe\\bitvault-${name}` : socketPath(`${name}.sock`)
  return { version: CONTROL_VERSION, pid: process.pid, address, token: randomBytes(24).toString('base64url') }
}

const socketPath = (name: string): string => join(runtimeFolder(name.length), name)

export const writeControlNote = (path: string, note: ControlNote): Promise<void> =>
  replacePrivateFile(path, `${JSON.stringify(note)}\n`)

/** Of a process that is gone: only for who holds the lock that goes with the note. */
export function removeDeadNote(path: string): void {
  const note = readControlNote(path)
  if (note !== null && note.address.endsWith('.sock')) rmSync(note.address, { force: true })
  rmSync(path, { force: true })
}
