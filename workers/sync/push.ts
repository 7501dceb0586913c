import { AppError } from '../../core/errors.ts'
import type { DeviceId, MutationId, NodeId, UploadId } from '../../core/ids.ts'
import { parseCursor } from '../../core/namespace/cursor.ts'
import type { Mutation, NodeRef, Place, WriteFile } from '../../core/namespace/model.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import type { FileInit, MutationResult } from '../../protocol/files.ts'
import { pushBody, pushEntry, type PushEntry, type PushReply } from '../../protocol/mutations.ts'
import { asAppError } from '../../protocol/problem.ts'
import { commitChanges, journal, json, type Call } from '../gateway/call.ts'
import { planFile, toWriteFile } from '../gateway/drafts.ts'
import { toCreateFolder } from '../gateway/folders.ts'
import { parseWith, readBody } from '../gateway/read-body.ts'
import { NO_MUTATION, rejected, toResult } from '../gateway/results.ts'
import { sha256Hex } from '../gateway/hash.ts'
import { namedPlace, toMutation, toSymlink } from '../gateway/to-mutation.ts'
import { pushedUploads, type PushedUploads } from './pushed-uploads.ts'

type Parsed = { at: number; entry: PushEntry }
type Planned = { at: number; mutation: Mutation }

/**
 * POST /v1/sync/push: many changes of one client, in its order (docs/spec/push.md).
 *
 *     parse each ──► list each upload once ──► one mutation each ──► journal ──► answers in order
 *          └── bad: rejected ──────┴── its chunks are not there ──┘
 */
export async function push(call: Call): Promise<Response> {
  const { mutations, device, cursor } = await readBody(call.request, pushBody)
  if (device !== undefined) unwrap(await journal(call).heard(call.principal.sessionId, device as DeviceId))
  const stand = cursor === undefined ? {} : { epoch: epochOf(call, cursor, device ?? null) }
  const results = new Array<MutationResult | null>(mutations.length).fill(null)
  const refuse = (at: number, id: unknown, thrown: unknown): void => {
    results[at] = rejectedAt(at, id, asAppError(thrown))
  }
  const parsed: Parsed[] = []
  for (const [at, raw] of mutations.entries()) {
    try {
      parsed.push({ at, entry: parseWith(pushEntry, raw, '') })
    } catch (error) {
      refuse(at, (raw as { id?: unknown } | null)?.id, error)
    }
  }
  const uploads = await pushedUploads(call, uploadsOf(parsed))
  const planned: Planned[] = []
  const fingerprints = new Map<MutationId, string>()
  for (const { at, entry } of parsed) {
    try {
      const mutation = { ...planEntry(call, entry, uploads), ...stand }
      requireOneMeaning(fingerprints, mutation)
      planned.push({ at, mutation })
    } catch (error) {
      refuse(at, entry.id, error)
    }
  }
  await decideAll(call, planned, results)
  return json({ results: results.filter((result) => result !== null) } satisfies PushReply)
}

/** @throws cursor-invalid */
function epochOf({ principal }: Call, cursor: string, device: string | null): string {
  const holder = { tenant: principal.tenantId, user: principal.userId, device }
  return parseCursor(cursor, holder, sha256Hex).epoch
}

async function decideAll(call: Call, planned: Planned[], results: (MutationResult | null)[]): Promise<void> {
  const outcomes = await commitChanges(
    call,
    planned.map(({ mutation }) => mutation),
  )
  for (const [i, { at, mutation }] of planned.entries()) {
    const outcome = outcomes[i]!
    results[at] =
      outcome.outcome === 'rejected'
        ? rejectedAt(at, mutation.id, new AppError(outcome.code, outcome.facts))
        : toResult(mutation.id, outcome)
  }
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @throws internal: an error of ours is no answer to one mutation */
function rejectedAt(at: number, id: unknown, error: AppError): MutationResult {
  if (error.code === 'internal') throw error
  const { field } = error.facts
  const named = field === 'mutationId' ? 'id' : field
  const place = `mutations/${at}`
  const facts =
    named === undefined ? error.facts : { ...error.facts, field: named === '' ? place : `${place}/${named}` }
  return rejected(typeof id === 'string' && ID.test(id) ? id : NO_MUTATION, new AppError(error.code, facts))
}

const uploadsOf = (parsed: Parsed[]): UploadId[] => [
  ...new Set(
    parsed.flatMap(({ entry }) => (entry.kind === 'write' && entry.uploadId ? [entry.uploadId as UploadId] : [])),
  ),
]

/** A rejected change is not remembered, so of two with one id the first says what the id stands for. @throws mutation-reused */
function requireOneMeaning(fingerprints: Map<MutationId, string>, { id, fingerprint }: Mutation): void {
  const first = fingerprints.get(id) ?? fingerprint
  fingerprints.set(id, first)
  if (first === fingerprint) return
  throw new AppError('mutation-reused', { field: 'id', detail: 'an earlier mutation of this push has the same id' })
}

/** @throws name-invalid, content-mismatch, invalid-request, not-found (no such upload), too-large */
function planEntry(call: Call, entry: PushEntry, uploads: PushedUploads): Mutation {
  switch (entry.kind) {
    case 'create-folder':
      return toCreateFolder(call, entry.id, entry.parent as NodeRef, entry)
    case 'write':
      return planWrite(call, entry, uploads)
    case 'symlink':
      return toSymlink(call, entry.id, { ...entry, target: entry.target as WriteFile['target'] })
    case 'move':
    case 'copy': {
      const { id, ...fields } = entry
      const named = { ...fields, node: fields.node as NodeId, to: namedPlace(entry.to as Place, 'to/name') }
      return toMutation(call, id, named)
    }
    case 'restore': {
      const to = entry.to && namedPlace(entry.to as Place, 'to/name')
      return toMutation(call, entry.id, { kind: 'restore', node: entry.node as NodeId, to })
    }
    case 'resolve-conflict': {
      const { id, ...fields } = entry
      return toMutation(call, id, { ...fields, conflict: fields.conflict as MutationId })
    }
    default: {
      const { id, ...fields } = entry
      return toMutation(call, id, { ...fields, node: fields.node as NodeId } as Parameters<typeof toMutation>[2])
    }
  }
}

function planWrite(call: Call, entry: PushEntry & { kind: 'write' }, uploads: PushedUploads): WriteFile {
  const { id, uploadId, target, base, size, sha256, content, mtimeNs, executable } = entry
  // An upload's draft cannot refer to what an earlier mutation makes; a push can, and from here on it is all the same.
  const init: FileInit = { target: target as FileInit['target'], base, size, sha256, content, mtimeNs, executable }
  const planned = planFile(init, id)
  const staged = uploadId === undefined ? {} : uploads.stagedBy(uploadId as UploadId)
  return toWriteFile(call, planned, { uploadId: (uploadId as UploadId | undefined) ?? null, staged })
}
