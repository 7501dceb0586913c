import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'

/** Creates the folder for the user alone; one that exists keeps its mode. */
export const makePrivateFolder = (folder: string): Promise<unknown> => mkdir(folder, { recursive: true, mode: 0o700 })

/** Mode 0600, durable, in one step: a crash leaves the old file or the new one. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
