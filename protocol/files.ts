import { z } from 'zod'
import {
  CODECS,
  FILE_MAX_BYTES,
  INLINE_MAX_BYTES,
  MANIFEST_MAX_CHUNKS,
  OBJECT_MAX_BYTES,
  PACK_MAX_CHUNKS,
} from '../core/content.ts'
import { ENTRY_KINDS } from '../core/namespace/effects.ts'
import { CONFLICT_POLICIES } from '../core/namespace/model.ts'

/**
 * Files: init → PUT → commit, listing and reading. One set of schemas gives the parser, the types and the OpenAPI document.
 * Sizes are bytes; times are Unix milliseconds unless the name says ns; ids are lower-case UUIDs; hashes lower-case hex of SHA-256.
 */
export const BATCH_MAX_FILES = 1_000
/** Of a file's content: what the column holds. */
export const REVISION_MAX = 2 ** 31 - 1

export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'a lower-case UUID')
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'the lower-case hex of a SHA-256')
export const fileBytes = z.int().min(0).max(FILE_MAX_BYTES)
export const nodeName = z.string().min(0).max(1_024).describe('1 to 255 bytes of UTF-8, no "/" or control characters')
/** Nanoseconds since 1970 as a decimal string: a JSON number cannot hold them. */
export const mtimeNs = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,18})$/, 'decimal, of at most 19 digits, in one spelling: no 007, no -0')

export const chunkRef = z.strictObject({
  sha256: sha256.describe('of the stored bytes'),
  size: z.int().min(1).max(OBJECT_MAX_BYTES).describe('stored bytes'),
  plain: z.int().min(1).max(OBJECT_MAX_BYTES).describe('plaintext bytes'),
})

export const contentInput = z.union([
  z.strictObject({ inline: z.base64().max(Math.ceil(INLINE_MAX_BYTES / 3) * 4 + 4) }),
  z.strictObject({ codec: z.enum(CODECS).default('raw'), chunks: z.array(chunkRef).max(MANIFEST_MAX_CHUNKS) }),
])

export const fileTarget = z.union([
  z.strictObject({ parent: uuid, name: nodeName }).describe('a new file, or the file of that name'),
  z.strictObject({ node: uuid }).describe('a new version of this file'),
])

export const fileInit = z.strictObject({
  mutationId: uuid
    .optional()
    .describe('makes a retry give the first answer; without it the server makes one from Idempotency-Key or at random'),
  target: fileTarget,
  base: z
    .int()
    .min(0)
    .max(REVISION_MAX)
    .default(0)
    .describe('the content revision that this write is based on; 0 = the file did not exist'),
  size: fileBytes.describe('plaintext bytes'),
  sha256: sha256.optional().describe('of the plaintext; may be left out only together with content'),
  content: contentInput.optional().describe('absent: told at commit, after streaming'),
  mtimeNs: mtimeNs.optional(),
  executable: z.boolean().default(false),
})

/** `requests: 'each'`: a signed PUT for every missing chunk. `'none'`: the client packs small ones first and asks again. */
export const initUploadBody = z.strictObject({
  files: z.array(fileInit).min(1).max(BATCH_MAX_FILES),
  requests: z.enum(['each', 'none']).default('each'),
  multipart: z
    .array(z.strictObject({ sha256, size: z.int().min(1).max(OBJECT_MAX_BYTES) }))
    .min(1)
    .max(10_000)
    .optional()
    .describe('for one file of a plain client: its parts, which become its chunks; all but the last at least 5 MiB'),
})

/** An object that the client wants to PUT: one chunk, or a pack of chunks back to back. */
export const objectInput = z.strictObject({
  sha256: sha256.describe("of the object's bytes"),
  size: z.int().min(0).max(OBJECT_MAX_BYTES),
  pack: z
    .array(z.strictObject({ sha256, size: z.int().min(1).max(OBJECT_MAX_BYTES) }))
    .min(1)
    .max(PACK_MAX_CHUNKS)
    .optional(),
})

export const uploadObjectsBody = z.strictObject({
  check: z
    .array(z.strictObject({ sha256, size: z.int().min(1) }))
    .max(4_096)
    .default([])
    .describe('which of these chunks must be uploaded?'),
  objects: z.array(objectInput).max(1_000).default([]).describe('sign a PUT for each of these'),
})

export const commitFile = z.strictObject({
  index: z
    .int()
    .min(0)
    .max(BATCH_MAX_FILES - 1)
    .describe('which file of the init'),
  base: z.int().min(0).max(REVISION_MAX).optional().describe('replaces the base of the init'),
  size: fileBytes.optional(),
  sha256: sha256.optional(),
  content: contentInput.optional(),
})
/** Of a multipart upload: the ETag that the store answered for each part. */
const multipartEtags = z
  .array(z.strictObject({ partNumber: z.int().min(1).max(10_000), etag: z.string().min(1).max(200) }))
  .min(1)
  .max(10_000)

/** Without `files`, every file of the upload is committed as the init described it. */
export const commitBody = z.strictObject({
  files: z.array(commitFile).min(1).max(BATCH_MAX_FILES).optional(),
  parts: multipartEtags.optional(),
})
export const commitBatchBody = z.strictObject({
  commits: z
    .array(z.strictObject({ uploadId: uuid, files: z.array(commitFile).min(1).max(BATCH_MAX_FILES).optional() }))
    .min(1)
    .max(100),
})

export const signedRequest = z.object({
  method: z.enum(['PUT', 'GET']),
  url: z.string(),
  headers: z.record(z.string(), z.string()).describe('send each exactly as given'),
  expiresAt: z.number(),
})

export const nodeState = z.object({
  id: uuid,
  spaceId: uuid,
  parentId: uuid.nullable(),
  kind: z.enum(['folder', 'file', 'symlink']),
  name: z.string(),
  contentRevision: z.int().describe('0 for a folder; 1, 2, … for a file or symlink'),
  placementRevision: z.int(),
  size: z.int().nullable(),
  sha256: sha256.nullable(),
  contentId: sha256.nullable(),
  codec: z.enum(CODECS).nullable(),
  mtimeNs: z.string().nullable(),
  executable: z.boolean(),
  linkTarget: z.string().nullable().describe('of a symlink: where it points, as it was given'),
  properties: z.record(z.string(), z.string()).nullable(),
  conflictPolicy: z
    .enum(CONFLICT_POLICIES)
    .nullable()
    .describe('of a folder, for what lies below; null = as the folder above'),
  createdAt: z.number(),
  changedAt: z.number(),
  changedSeq: z.int(),
  contentSeq: z.int().describe('the entry that last changed its bytes'),
  placedSeq: z.int().describe('the entry that brought it into its folder'),
  trashedAt: z.number().nullable().describe('when it was deleted, itself; what lies below it is in the trash with it'),
  trashedBy: uuid.nullable(),
})

export const mutationResult = z.union([
  z.object({
    mutationId: uuid,
    outcome: z.literal('applied'),
    seq: z.int(),
    node: nodeState,
    notice: z
      .enum(['revived', 'parent-gone', 'renamed'])
      .optional()
      .describe(
        'done, and a person should be told: an edit brought a deleted file back; it is in the nearest folder that lives; it has another name',
      ),
  }),
  z.object({
    mutationId: uuid,
    outcome: z.literal('conflict'),
    seq: z.int(),
    node: nodeState.describe('the conflicted copy that holds your bytes'),
    original: uuid.describe('the node whose newer content stayed in place'),
  }),
  z.object({
    mutationId: uuid,
    outcome: z.literal('rejected'),
    problem: z.looseObject({ code: z.string(), status: z.int() }),
  }),
])

export const objectRequest = z.object({ sha256, request: signedRequest })

export const initUploadReply = z.object({
  uploadId: uuid.nullable().describe('null when nothing is left to upload'),
  expiresAt: z.number().nullable(),
  files: z.array(
    z.union([
      z.object({ index: z.int(), mutationId: uuid, state: z.literal('pending') }),
      z.object({ index: z.int(), mutationId: uuid, state: z.literal('done'), result: mutationResult }),
    ]),
  ),
  missing: z.array(sha256).describe('chunks to upload, each once'),
  requests: z.array(objectRequest),
  multipart: z.object({ requests: z.array(z.object({ partNumber: z.int(), request: signedRequest })) }).optional(),
})

export const uploadObjectsReply = z.object({
  expiresAt: z.number(),
  missing: z.array(sha256),
  requests: z.array(objectRequest),
})
export const uploadStatusReply = z.object({
  uploadId: uuid,
  state: z.enum(['open', 'committed', 'expired']),
  expiresAt: z.number(),
  arrived: z.array(sha256).describe('objects that the store holds for this upload'),
})
export const commitReply = z.object({ results: z.array(mutationResult) })

const ifExists = z
  .enum(['fail', 'keep'])
  .default('fail')
  .describe('keep: a folder of that name is the answer, as in mkdir -p')
export const createFolderBody = z.strictObject({ mutationId: uuid.optional(), parent: uuid, name: nodeName, ifExists })
/** Folders inside folders in one request: a parent is a node, or a folder made earlier in the same list, by its index. */
export const createFoldersBody = z.strictObject({
  folders: z
    .array(
      z.strictObject({
        mutationId: uuid,
        parent: z.union([uuid, z.strictObject({ created: z.int().min(0) })]),
        name: nodeName,
        ifExists,
      }),
    )
    .min(1)
    .max(1_000),
})

export const listReply = z.object({
  folder: nodeState,
  children: z.array(nodeState),
  next: z.string().nullable().describe('pass as ?after= for the next page; null on the last'),
})

export const space = z.object({
  id: uuid,
  name: z.string(),
  kind: z.enum(['personal', 'team']),
  rootId: uuid,
  role: z.enum(['reader', 'writer', 'manager']),
})
export const spacesReply = z.object({ spaces: z.array(space) })
export const resolveReply = z.object({
  space,
  node: nodeState.nullable(),
  deepest: nodeState.describe('the last node of the path that exists'),
  rest: z.array(z.string()),
})

/**
 * What our own clients get for GET /content: a window of the chunks (ask again with ?from=next), and signed GETs. Send each request as
 * it is, its `range` header included; a chunk lies at `offset` of the answer of `objects[object]`.
 */
export const contentReply = z.object({
  node: nodeState,
  revision: z.int(),
  codec: z.enum(CODECS),
  size: z.int(),
  sha256,
  inline: z.base64().nullable(),
  from: z.int(),
  next: z.int().nullable(),
  chunks: z.array(chunkRef.extend({ object: z.int().describe('index into objects'), offset: z.int() })),
  objects: z.array(signedRequest),
})

/** Files in one question for contents. */
export const CONTENTS_MAX_FILES = 500
/** Larger ones are asked for by themselves. */
export const CONTENTS_MAX_BYTES = 1024 * 1024

export const contentsBody = z.strictObject({
  files: z
    .array(z.strictObject({ id: uuid, revision: z.int().min(1).max(REVISION_MAX) }))
    .min(1)
    .max(CONTENTS_MAX_FILES),
})

/** As `contentReply`, of many small files whose chunks share signed GETs. What cannot be given this way is left out: ask for it by itself. */
export const contentsReply = z.object({
  contents: z.array(
    z.object({
      id: uuid,
      revision: z.int(),
      codec: z.enum(CODECS),
      size: z.int(),
      sha256,
      inline: z.base64().nullable(),
      chunks: z.array(chunkRef.extend({ object: z.int().describe('index into objects'), offset: z.int() })),
    }),
  ),
  objects: z.array(signedRequest),
})

export const change = z.object({
  seq: z.int(),
  kind: z.enum(ENTRY_KINDS),
  at: z.number(),
  node: nodeState,
})

export type FileInit = z.infer<typeof fileInit>
export type InitUploadBody = z.infer<typeof initUploadBody>
export type InitUploadReply = z.infer<typeof initUploadReply>
export type UploadObjectsBody = z.infer<typeof uploadObjectsBody>
export type UploadObjectsReply = z.infer<typeof uploadObjectsReply>
export type UploadStatusReply = z.infer<typeof uploadStatusReply>
export type CommitBody = z.infer<typeof commitBody>
export type CommitReply = z.infer<typeof commitReply>
export type MutationResult = z.infer<typeof mutationResult>
export type NodeStateWire = z.infer<typeof nodeState>
export type ListReply = z.infer<typeof listReply>
export type Space = z.infer<typeof space>
export type ResolveReply = z.infer<typeof resolveReply>
export type ContentReply = z.infer<typeof contentReply>
export type ContentsBody = z.infer<typeof contentsBody>
export type ContentsReply = z.infer<typeof contentsReply>
export type CreateFoldersBody = z.infer<typeof createFoldersBody>
