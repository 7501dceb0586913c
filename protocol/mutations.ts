import { z } from 'zod'
import { INLINE_MAX_BYTES } from '../core/content.ts'
import { CURSOR_MAX_LENGTH } from '../core/namespace/cursor.ts'
import { CHOICES, CONFLICT_POLICIES } from '../core/namespace/model.ts'
import {
  contentInput,
  fileBytes,
  mtimeNs,
  mutationResult,
  nodeName,
  nodeState,
  REVISION_MAX,
  sha256,
  uuid,
} from './files.ts'

/**
 * Every change of the namespace but uploading: one by one (REST) and many in one request (push). The fields are those of
 * core/namespace/model.ts. What is `optional` or `nullable` and left out means "not told".
 */
export const PUSH_MAX_MUTATIONS = 1_000
/** Uploads that one push may take chunks from: each is listed once in the store. */
export const PUSH_MAX_UPLOADS = 50
export const PROPERTIES_MAX = 64
const PROPERTY_KEY_MAX = 128
const PROPERTY_VALUE_MAX = 1_024
const LABEL_MAX = 200
const SEQ_MAX = Number.MAX_SAFE_INTEGER

/** Neither NUL nor half of a character: the database could not hold it. */
const plainText = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[^\0\p{Cs}]*$/u, 'no NUL, no half of a character')

const mutationId = uuid
  .optional()
  .describe('makes a retry give the first answer; without it the server makes one from Idempotency-Key or at random')
const revision = z.int().min(1).max(REVISION_MAX)
const contentBase = z.int().min(0).max(REVISION_MAX).describe('the content revision that you saw')
const placementBase = z.int().min(1).max(REVISION_MAX).describe('the placement revision that you saw')
const seen = z.int().min(0).max(SEQ_MAX).describe('the seq up to which you had seen the journal')
const linkTarget = plainText(1, INLINE_MAX_BYTES).describe(
  'kept as it is, never followed: at most 4,096 bytes of UTF-8',
)
const label = plainText(1, LABEL_MAX).nullable().describe('a labelled version is kept; null takes the label away')
const moveIfExists = z
  .enum(['fail', 'keep-both', 'replace'])
  .describe('keep-both: the moved one takes another name; replace: a file or symlink of that name goes to the trash')
const copyIfExists = z.enum(['fail', 'keep-both'])

type Properties = Record<string, string | null>

/** Whatever copies an object passes over a member of this name: it would be answered as done, and lost. */
const UNHELD = '__proto__'
const properties: z.ZodType<Properties, Properties> = z.preprocess(
  (given: Properties, context) => {
    if (given instanceof Object && Object.hasOwn(given, UNHELD))
      context.addIssue({ code: 'custom', path: [UNHELD], message: 'no property can have this name' })
    return given
  },
  z
    .record(plainText(1, PROPERTY_KEY_MAX), plainText(0, PROPERTY_VALUE_MAX).nullable())
    .refine((some) => Object.keys(some).length <= PROPERTIES_MAX, `at most ${PROPERTIES_MAX} at a time`),
)

const attributes = {
  mtimeNs: mtimeNs.nullable().optional(),
  executable: z.boolean().optional(),
  properties: properties.optional().describe('these keys only; null takes a property away'),
  conflictPolicy: z
    .enum(CONFLICT_POLICIES)
    .nullable()
    .optional()
    .describe('of a folder, for what lies below; null = as the folder above'),
}

export const moveBody = z.strictObject({
  mutationId,
  parent: uuid.optional().describe('absent: stays in its folder'),
  name: nodeName.optional().describe('absent: keeps its name'),
  base: placementBase.optional(),
  ifExists: moveIfExists.default('fail'),
  seen: seen.optional(),
})
export const copyBody = z.strictObject({
  mutationId,
  parent: uuid,
  name: nodeName.optional().describe('absent: the same name'),
  revision: revision.optional().describe('of a file: this version; absent: the present one'),
  ifExists: copyIfExists.default('fail'),
})
export const trashQuery = z.object({
  mutationId,
  base: z.coerce
    .number()
    .int()
    .min(0)
    .max(REVISION_MAX)
    .optional()
    .describe('of a file: the content revision that you saw'),
  seen: z.coerce
    .number()
    .int()
    .min(0)
    .max(SEQ_MAX)
    .optional()
    .describe('what came or changed below it after this seq of the journal survives'),
})
export const restoreBody = z.strictObject({
  mutationId,
  parent: uuid.optional().describe('absent: to its place'),
  name: nodeName.optional(),
})
export const purgeBody = z.strictObject({ mutationId })
export const attributesBody = z.strictObject({ mutationId, ...attributes })
export const symlinkBody = z.strictObject({
  mutationId,
  parent: uuid,
  name: nodeName,
  target: linkTarget,
  base: contentBase.default(0),
  mtimeNs: mtimeNs.optional(),
})
export const labelVersionBody = z.strictObject({ mutationId, label })
export const restoreVersionBody = z.strictObject({ mutationId, base: contentBase.optional() })
export const resolveConflictBody = z.strictObject({
  mutationId,
  choice: z
    .enum(CHOICES)
    .describe(
      'mine: the write that came second becomes a new version; theirs: what was there stays; both: side by side; merged: you have written a version that holds both',
    ),
  base: contentBase.optional().describe('the content revision of the original that you saw'),
})

/** In a push: a node, or the one that an earlier mutation of yours made. */
const nodeRef = z.union([uuid, z.strictObject({ madeBy: uuid })])
const place = z.strictObject({ parent: nodeRef, name: nodeName })
const writeTarget = z.union([place, z.strictObject({ node: uuid })])

/** One mutation of a push. Each is parsed alone: a bad one is rejected, the others are not harmed. */
export const pushEntry = z.discriminatedUnion('kind', [
  z.strictObject({
    id: uuid,
    kind: z.literal('create-folder'),
    parent: nodeRef,
    name: nodeName,
    ifExists: z.enum(['fail', 'keep']).default('fail'),
  }),
  z.strictObject({
    id: uuid,
    kind: z.literal('write'),
    target: writeTarget,
    base: contentBase.default(0),
    size: fileBytes,
    sha256,
    content: contentInput,
    uploadId: uuid.optional().describe('an upload of yours that has brought chunks of it; else every chunk is held'),
    mtimeNs: mtimeNs.optional(),
    executable: z.boolean().default(false),
  }),
  z.strictObject({
    id: uuid,
    kind: z.literal('symlink'),
    target: writeTarget,
    base: contentBase.default(0),
    linkTarget,
    mtimeNs: mtimeNs.optional(),
  }),
  z.strictObject({
    id: uuid,
    kind: z.literal('move'),
    node: uuid,
    to: place,
    base: placementBase.nullable().default(null),
    ifExists: moveIfExists.default('fail'),
    seen: seen.nullable().default(null),
  }),
  z.strictObject({
    id: uuid,
    kind: z.literal('copy'),
    node: uuid,
    to: place,
    revision: revision.nullable().default(null),
    ifExists: copyIfExists.default('fail'),
  }),
  z.strictObject({
    id: uuid,
    kind: z.literal('trash'),
    node: uuid,
    base: contentBase.nullable().default(null),
    seen: seen.nullable().default(null),
  }),
  z.strictObject({ id: uuid, kind: z.literal('restore'), node: uuid, to: place.nullable().default(null) }),
  z.strictObject({ id: uuid, kind: z.literal('purge'), node: uuid }),
  z.strictObject({ id: uuid, kind: z.literal('set-attributes'), node: uuid, ...attributes }),
  z.strictObject({
    id: uuid,
    kind: z.literal('restore-version'),
    node: uuid,
    revision,
    base: contentBase.nullable().default(null),
  }),
  z.strictObject({ id: uuid, kind: z.literal('label-version'), node: uuid, revision, label }),
  z.strictObject({
    id: uuid,
    kind: z.literal('resolve-conflict'),
    conflict: uuid,
    choice: z.enum(CHOICES),
    base: contentBase.nullable().default(null),
  }),
])

/** The outer shape. `mutations` are `pushEntry`, parsed one by one. */
export const pushBody = z.strictObject({
  device: uuid.optional().describe('the device that pushes, as it is registered'),
  cursor: z
    .string()
    .max(CURSOR_MAX_LENGTH)
    .optional()
    .describe('where you stood when you made these: if the server was restored since, none is done (resync-required)'),
  mutations: z.array(z.unknown()).min(1).max(PUSH_MAX_MUTATIONS),
})
/** For the document: what the entries look like. */
export const pushBodyShape = pushBody.extend({ mutations: z.array(pushEntry).min(1).max(PUSH_MAX_MUTATIONS) })
/** In the order of the request. */
export const pushReply = z.object({ results: z.array(mutationResult) })

const person = uuid.describe('a user')
const stored = {
  size: z.int().nullable(),
  sha256: sha256.nullable(),
  mtimeNs: z.string().nullable(),
  executable: z.boolean(),
  linkTarget: z.string().nullable(),
}

export const version = z.object({
  revision: z.int(),
  ...stored,
  label: z.string().nullable(),
  createdAt: z.number(),
  createdBy: person,
  device: z.string(),
  seq: z.int(),
  baseRevision: z.int().describe('the revision that its writer had seen'),
})
/** Newest first. */
export const versionsReply = z.object({
  node: nodeState,
  versions: z.array(version),
  next: z.int().nullable().describe('pass as ?after= for the next page; null on the last'),
})

export const trashItem = z.object({
  node: nodeState,
  path: z.array(z.string()).describe('the names of the folders above it, from below the root of its space'),
})
/** What was put into the trash by itself, the newest first; what lies below is there with it. */
export const trashReply = z.object({
  items: z.array(trashItem),
  next: z.string().nullable().describe('pass as ?after= for the next page; null on the last'),
})

const side = z.object({ ...stored, at: z.number(), userId: person, device: z.string() })
export const conflict = z.object({
  id: uuid.describe('the mutation that met the other'),
  spaceId: uuid,
  original: nodeState.describe('the node that both wrote'),
  copy: nodeState.nullable().describe('the conflicted copy beside it, where there is one'),
  path: z.array(z.string()).describe('the names of the folders above the original, from below the root of its space'),
  baseRevision: z.int().describe('what the second writer had seen'),
  base: side.nullable().describe('that version, while it is kept; null also where there was none'),
  theirRevision: z.int().describe('what was there when the second write came'),
  theirs: side.nullable(),
  mine: side.describe('the write that came second'),
  resolution: z.enum([...CHOICES, 'newest-wins']).nullable(),
  resolvedAt: z.number().nullable(),
  resolvedBy: person.nullable(),
})
export const conflictsReply = z.object({
  conflicts: z.array(conflict),
  next: z.string().nullable().describe('pass as ?after= for the next page; null on the last'),
})

const days = z.int().min(1).max(36_500)
/** What is left out stays as it is; `null` = for ever, however many. */
export const spaceSettingsBody = z.strictObject({
  trashDays: days.optional().describe('how long the trash is kept'),
  versionDays: days.nullable().optional().describe('how long old versions are kept'),
  versionCount: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .optional()
    .describe('how many versions of a file are kept, the present one among them; labelled ones do not count'),
})
export const spaceSettings = z.object({
  id: uuid,
  trashDays: z.int(),
  versionDays: z.int().nullable(),
  versionCount: z.int().nullable(),
})

export type MoveBody = z.infer<typeof moveBody>
export type CopyBody = z.infer<typeof copyBody>
export type RestoreBody = z.infer<typeof restoreBody>
export type AttributesBody = z.infer<typeof attributesBody>
export type SymlinkBody = z.infer<typeof symlinkBody>
export type PushEntry = z.infer<typeof pushEntry>
export type PushEntryInput = z.input<typeof pushEntry>
export type PushReply = z.infer<typeof pushReply>
export type VersionsReply = z.infer<typeof versionsReply>
export type VersionWire = z.infer<typeof version>
export type TrashReply = z.infer<typeof trashReply>
export type ConflictWire = z.infer<typeof conflict>
export type ConflictsReply = z.infer<typeof conflictsReply>
export type SpaceSettings = z.infer<typeof spaceSettings>
export type SpaceSettingsBody = z.infer<typeof spaceSettingsBody>
