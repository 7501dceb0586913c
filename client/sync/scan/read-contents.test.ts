import { rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Sha256 } from '../../../core/ids.ts'
import { scanWorld } from '../../../test/support/scan-world.ts'
import { ChunkLists } from '../../content/chunk-lists.ts'
import { seededBytes } from '../../content/seeded-bytes.ts'
import { sha256Of } from '../../content/sha256.ts'
import type { OpenDisk } from '../../node/sync/disk/open-disk.ts'
import { createScanner } from './scanner.ts'

const SIZE = 9 * 1024 * 1024

/** A large file that is in step. */
async function world() {
  const found = await scanWorld()
  const { store, disk } = found
  const lists = new ChunkLists()
  let now = 0
  const scanner = createScanner({ disk, store, lists, clock: { now: () => (now += 60_000) } })
  const path = join((disk as OpenDisk).rootPath, 'big')
  const bytes = seededBytes(1, SIZE)
  const read = async (): Promise<void> => {
    await scanner.full()
    await scanner.read({ files: 9, bytes: Infinity })
  }
  await writeFile(path, bytes)
  await read()
  const id = found.idAt('big')
  const { place, content, stamp } = store.item(id)!.local!
  const revisions = { contentRevision: 1, placementRevision: 1 }
  const inStep = { place, localName: 'big', content: content!, ...revisions, stamp }
  return {
    path,
    bytes,
    read,
    lists,
    synchronise: () => store.write((to) => to.setSynced(id, inStep)),
    hash: (): Sha256 => (store.item(id)!.local!.content as { sha256: Sha256 }).sha256,
    close: found.close,
  }
}

test('a large file that was edited is listed when it is hashed; a new one is not, since it is going to be cut by the upload', async () => {
  const { path, bytes, read, lists, synchronise, hash, close } = await world()
  expect(lists.get(hash())).toBeNull()
  synchronise()
  bytes[SIZE / 2]! ^= 1
  await writeFile(path, bytes)
  await read()
  const list = lists.get(hash())!
  expect(list).toMatchObject({ codec: 'raw', size: SIZE, sha256: sha256Of(bytes) })
  let at = 0
  for (const { sha256, plain } of list.chunks) expect(sha256Of(bytes.subarray(at, (at += plain)))).toBe(sha256)
  expect(at).toBe(SIZE)
  await close()
})

test('nor one that has only another name or time of change', async () => {
  const { path, read, lists, synchronise, hash, close } = await world()
  synchronise()
  await rename(path, `${path}.aside`)
  await rename(`${path}.aside`, path)
  await read()
  expect(lists.get(hash())).toBeNull()
  // Whether it was written to or only touched shows when it was read.
  await utimes(path, 1, 1)
  await read()
  expect(lists.get(hash())).not.toBeNull()
  await close()
})
