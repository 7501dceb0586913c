import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { AppError } from '../../../../core/errors.ts'
import { withFileLock } from '../../file-lock.ts'
import { configFolder } from '../../folders.ts'
import { makePrivateFolder, replacePrivateFile } from '../../private-file.ts'
import { linkSchema, type Link } from './link.ts'
import { linksPath } from './links-path.ts'

const VERSION = 1
/** More folders than anybody links; a file beyond that is none of ours. */
const LINKS_MAX = 1_000

const fileFormat = z.looseObject({ version: z.literal(VERSION), links: z.array(linkSchema).max(LINKS_MAX) })
const versionOnly = z.looseObject({ version: z.int() })
type Stored = z.infer<typeof fileFormat>

/** The links of this user: `sync-links.json` in the config folder, beside the sign-ins, and kept with the same care. */
export type LinkFile = {
  readonly path: string
  /** The oldest first. */
  list(): Promise<Link[]>
  find(id: string): Promise<Link | null>
  /** Exclusive, over processes too; the same list back: nothing changes. @throws AppError `too-large`; what `change` throws, and then nothing was changed */
  update(change: (links: Link[]) => Link[] | Promise<Link[]>): Promise<Link[]>
  /** @param change answers the link as it is from now on; `null`: it is gone. @returns that; `null` also when there is no such link */
  updateOne(id: string, change: (link: Link) => Link | null): Promise<Link | null>
  /** Another one whenever the file has changed; cheap. */
  mark(): Promise<string>
}

/** @throws AppError `precondition-failed` when a newer version of the program wrote the file; `internal` when it is damaged */
export function openLinkFile(folder: string = configFolder()): LinkFile {
  const path = linksPath(folder)
  const update: LinkFile['update'] = async (change) => {
    await makePrivateFolder(folder)
    return withFileLock(`${path}.lock`, async () => {
      const stored = await readStored(path)
      const links = await change(stored.links)
      if (links.length > LINKS_MAX)
        throw new AppError('too-large', { detail: `at most ${LINKS_MAX} folders are linked` })
      if (links !== stored.links) await replacePrivateFile(path, `${JSON.stringify({ ...stored, links }, null, 2)}\n`)
      return links
    })
  }
  const list = async (): Promise<Link[]> => (await readStored(path)).links
  return {
    path,
    list,
    find: async (id) => (await list()).find((link) => link.id === id) ?? null,
    update,
    updateOne: async (id, change) => {
      const links = await update((present) =>
        present.flatMap((link) => (link.id === id ? (change(link) ?? []) : [link])),
      )
      return links.find((link) => link.id === id) ?? null
    },
    mark: async () => {
      const found = await stat(path, { bigint: true }).catch(() => null)
      return found === null ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`
    },
  }
}

async function readStored(path: string): Promise<Stored> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { version: VERSION, links: [] }
    throw error
  }
  try {
    const json: unknown = JSON.parse(text)
    const { version } = versionOnly.parse(json)
    if (version > VERSION) throw newer(path, version)
    return fileFormat.parse(json)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const detail = `${path} is damaged: restore it from a backup, or move it away and link the folders again`
    throw new AppError('internal', { detail }, { cause })
  }
}

const newer = (path: string, found: number): AppError =>
  new AppError('precondition-failed', {
    detail: `${path} was written by a newer version of this program: use that one, or a newer one`,
    found,
    supported: VERSION,
  })
