import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha256 } from '../../../core/ids.ts'
import type { SignedRequest } from '../../../core/object-store.ts'
import type { Stack } from '../../../embedded/stack.ts'
import { s3ObjectStore, type S3ObjectStore } from '../../../storage/s3/s3-object-store.ts'
import { putOnce } from '../bare-puts.ts'
import { secondsOf } from '../alternate.ts'
import { writeRandomFile } from './random-files.ts'

/** As many requests at once as the client makes. */
const CONCURRENCY = 8
const SIGNED_MS = 10 * 60_000

export type BareLoop = { putSeconds: number; getSeconds: number; objects: number; bytes: number }

export const openBucket = ({ s3 }: Pick<Stack, 's3'>): S3ObjectStore => s3ObjectStore(s3)

/** The sizes of all objects that lie in the bucket: what the clients have made of what was synchronised. */
export async function objectSizes(bucket: S3ObjectStore): Promise<number[]> {
  const sizes: number[] = []
  for (let after: string | undefined; ;) {
    const page = await bucket.list('', after)
    for (const { sizeBytes } of page.objects) sizes.push(sizeBytes)
    if (page.next === null) return sizes
    after = page.next
  }
}

type Prepared = { put: SignedRequest; get: SignedRequest; offset: number; size: number }

/**
 * What is left of A → bucket → B when everything but the bytes is taken away: objects of these sizes, random bytes from a file,
 * each PUT; then each fetched, and thrown away. Hashing and signing are not timed.
 */
export async function runBareLoop(
  bucket: S3ObjectStore,
  options: { sizes: readonly number[]; folder: string; name: string },
): Promise<BareLoop> {
  const { sizes, folder, name } = options
  const path = join(folder, `${name}.bin`)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  writeRandomFile(path, bytes)
  const objects: Prepared[] = []
  const file = await open(path)
  try {
    let offset = 0
    for (const size of sizes) {
      const sha256 = createHash('sha256').update(await readAt(file, offset, size))
      const target = { key: `bare/${name}/${objects.length}`, sha256: sha256.digest('hex') as Sha256, sizeBytes: size }
      const now = Date.now()
      const put = await bucket.signPut(target, now)
      objects.push({ put, get: await bucket.signGet(target.key, { now, ttlMs: SIGNED_MS }), offset, size })
      offset += size
    }
    const putSeconds = await secondsOf(() =>
      each(objects, async ({ put, offset, size }) => putOnce(put, await readAt(file, offset, size))),
    )
    const getSeconds = await secondsOf(() => each(objects, getOnce))
    return { putSeconds, getSeconds, objects: objects.length, bytes }
  } finally {
    await file.close()
  }
}

async function readAt(file: Awaited<ReturnType<typeof open>>, offset: number, size: number) {
  const { buffer } = await file.read(Buffer.allocUnsafeSlow(size), 0, size, offset)
  return buffer
}

async function getOnce({ get, size }: Prepared): Promise<void> {
  const response = await fetch(get.url, { headers: get.headers })
  let got = 0
  for await (const piece of response.body ?? []) got += piece.length
  if (!response.ok || got !== size)
    throw new Error(`the store answered ${response.status} with ${got} of ${size} bytes`)
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}
