import type { Sha256 } from './ids.ts'

/** How stored bytes become plaintext. The client's business: the server treats chunks as opaque. */
export const CODECS = ['raw', 'zstd'] as const
export type Codec = (typeof CODECS)[number]

/** Files of at most this many plaintext bytes travel inside the commit and live in the row (KS 006). */
export const INLINE_MAX_BYTES = 4096
/** One object, one signed PUT: the limit of a single S3 PUT. */
export const OBJECT_MAX_BYTES = 5 * 1024 ** 3
/** A manifest is bounded; larger files use larger chunks (docs/spec/chunking.md). */
export const MANIFEST_MAX_CHUNKS = 32_768
/** Chunks inside one pack object. */
export const PACK_MAX_CHUNKS = 1_000
/** Objects that one upload may fill, and chunks that its packs may hold: more than the largest body of an init can name. */
export const UPLOAD_MAX_CHUNKS = 160_000
/** Largest file that a JSON number and a bigint column can both carry exactly. */
export const FILE_MAX_BYTES = Number.MAX_SAFE_INTEGER

/** A run of stored bytes, named by their SHA-256. `size` counts stored bytes, `plain` the plaintext bytes that they give. */
export type ChunkRef = { sha256: Sha256; size: number; plain: number }

/** Where stored bytes lie: an object is one chunk, or a pack of many. */
export type ChunkLocation = { objectKey: string; offset: number; length: number }

/** A file's content as it is committed. `inline` is base64 of the plaintext. */
export type Content = {
  codec: Codec
  /** Plaintext bytes. */
  size: number
  /** Of the plaintext. */
  sha256: Sha256
} & ({ held: 'inline'; inline: string } | { held: 'chunks'; chunks: ChunkRef[] })

/**
 * The canonical form whose SHA-256 is the `contentId`: equal content under equal chunking has one id per tenant.
 * Format 1; a reader that does not know the number refuses.
 */
export function canonicalManifest(content: Content): string {
  const head = `bitvault-manifest 1\n${content.codec} ${content.size} ${content.sha256}\n`
  if (content.held === 'inline') return `${head}inline\n`
  return head + content.chunks.map((c) => `${c.sha256} ${c.size} ${c.plain}\n`).join('')
}

export type ManifestFault = { field: string; detail: string }

/** Checks that a content's numbers add up. @returns the first fault, or `null`. */
export function findManifestFault(content: Content): ManifestFault | null {
  if (content.held === 'inline') return findInlineFault(content)
  const { chunks, codec, size } = content
  if (chunks.length === 0 && size > 0) return { field: 'chunks', detail: 'a file with bytes needs at least one chunk' }
  if (chunks.length > MANIFEST_MAX_CHUNKS) return { field: 'chunks', detail: `at most ${MANIFEST_MAX_CHUNKS} chunks` }
  let total = 0
  for (const [at, chunk] of chunks.entries()) {
    if (codec === 'raw' && chunk.plain !== chunk.size) {
      return { field: `chunks/${at}/plain`, detail: 'a raw chunk has as many plaintext bytes as stored bytes' }
    }
    total += chunk.plain
  }
  if (total !== size) return { field: 'size', detail: `the chunks add up to ${total} bytes, the file says ${size}` }
  return null
}

function findInlineFault(content: Content & { held: 'inline' }): ManifestFault | null {
  if (content.codec !== 'raw') return { field: 'codec', detail: 'inline content is raw' }
  if (content.size > INLINE_MAX_BYTES)
    return { field: 'size', detail: `inline content holds at most ${INLINE_MAX_BYTES} bytes` }
  const padding = content.inline.endsWith('==') ? 2 : content.inline.endsWith('=') ? 1 : 0
  const decoded = (content.inline.length / 4) * 3 - padding
  return decoded === content.size
    ? null
    : { field: 'size', detail: `the inline content has ${decoded} bytes, the file says ${content.size}` }
}

/** The one place that says where an upload's objects lie: keys are private to the upload. */
export const uploadPrefix = (tenantId: string, uploadId: string): string => `t/${tenantId}/u/${uploadId}/`
export const objectKey = (tenantId: string, uploadId: string, sha256: string): string =>
  uploadPrefix(tenantId, uploadId) + sha256
