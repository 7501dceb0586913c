import { createHash } from 'node:crypto'
import type { Sha256 } from '../../core/ids.ts'
import type { ObjectStore, ReadableByteStream, SignedRequest } from '../../core/object-store.ts'

/** A request as it goes out; `null` drops a header, a value changes or adds it. */
export type Changes = { method?: string; url?: string; headers?: Record<string, string | null> }
export type Answer = { status: number; headers: Record<string, string>; body: Uint8Array }

export type StoreHarness = {
  store: ObjectStore
  /** Unix milliseconds by the store's clock. */
  now(): number
  /** Sends a signed request as a client would, with the changes of a tamperer. Status 0: the connection was cut. */
  send(request: SignedRequest, body: Uint8Array, changes?: Changes): Promise<Answer>
  /** What this store is known not to do. */
  lacks: ReadonlySet<string>
  close(): Promise<void>
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export const hashOf = (bytes: Uint8Array): Sha256 => createHash('sha256').update(bytes).digest('hex') as Sha256

export const targetOf = (key: string, bytes: Uint8Array) => ({ key, sha256: hashOf(bytes), sizeBytes: bytes.length })

/** `null` stays `null`. */
export async function readAll(stream: ReadableByteStream | null): Promise<Uint8Array | null> {
  if (stream === null) return null
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Uint8Array.from(Buffer.concat(pieces))
}

/** The headers as changed; names are lower case. */
export function changedHeaders(request: SignedRequest, changes: Changes): Record<string, string> {
  const merged = { ...request.headers, ...changes.headers }
  return Object.fromEntries(Object.entries(merged).filter((pair): pair is [string, string] => pair[1] !== null))
}

export async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  let after: string | undefined
  do {
    const page = await store.list(prefix, after)
    keys.push(...page.objects.map(({ key }) => key))
    after = page.next ?? undefined
  } while (after !== undefined)
  return keys
}

/** Of one length. */
export const HELLO: Uint8Array = bytesOf('hello, world')
export const OTHER: Uint8Array = bytesOf('hello, earth')

let lastPrefix = 0
export const newPrefix = (): string => `t/contract/u/${++lastPrefix}/`

export async function put(harness: StoreHarness, key: string, bytes: Uint8Array): Promise<number> {
  const request = await harness.store.signPut(targetOf(key, bytes), harness.now())
  return (await harness.send(request, bytes)).status
}
