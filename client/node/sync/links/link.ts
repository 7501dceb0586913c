import { z } from 'zod'
import { uuid } from '../../../../protocol/files.ts'

const limit = z.int().min(1).nullable()

/**
 * A folder of this computer, tied to one on a server (docs/spec/sync-client.md). Everything that a person decides about it is here, and nothing that a
 * sync database could lose: what is not selected stays away from this device whatever happens to the database (DB-08). Fields that a later version
 * has added are kept as they are.
 */
export const linkSchema = z.looseObject({
  /** In the marker of the folder, too: so that no other folder is taken for it (RT-07). */
  id: uuid,
  /** Absolute, without symbolic links. */
  root: z.string().min(1),
  server: z.string().min(1),
  /** Whose sign-in speaks: as the credential file has it. */
  profile: z.string().min(1),
  space: uuid,
  /** The folder on the server. */
  node: uuid,
  /** Where that was when the two were linked, for people: `home/photos`. */
  place: z.string(),
  /** As the server knows this folder's device: each link is one of its own (RT-06). */
  device: uuid,
  /** Bytes a second; `null`: as fast as it goes. */
  up: limit,
  down: limit,
  paused: z.boolean(),
  /** Folders on the server that stay away from here, by id (SS-06), with the name that they had. */
  unselected: z.array(z.looseObject({ id: uuid, name: z.string() })),
  /** Unix milliseconds. */
  createdAt: z.number(),
})

export type Link = z.infer<typeof linkSchema>
