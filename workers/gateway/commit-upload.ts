import type { z } from 'zod'
import { AppError, isRetryable } from '../../core/errors.ts'
import type { UploadId } from '../../core/ids.ts'
import type { WriteFile } from '../../core/namespace/model.ts'
import type { Draft, StoredUpload } from '../../db/tenant/uploads.ts'
import {
  commitBatchBody,
  commitBody,
  type CommitBody,
  type CommitReply,
  type MutationResult,
} from '../../protocol/files.ts'
import { asAppError } from '../../protocol/problem.ts'
import { commitChanges, idParam, json, reader, unwrapParam, type Call } from './call.ts'
import { completeDraft, toWriteFile } from './drafts.ts'
import { readBody } from './read-body.ts'
import { readPrecondition } from './read-precondition.ts'
import { NO_MUTATION, rejected, toResult } from './results.ts'
import { listArrived, stagedChunks } from './staging.ts'

type CommitFile = NonNullable<CommitBody['files']>[number]
/** `at`: where in the request it stands, for the fields of problems. */
type Commit = { id: UploadId; body: CommitBody; at: string }

/** POST /v1/files/{uploadId}/commit. Blob before row: the store has shown the bytes before the journal is asked. */
export async function commitUpload(call: Call): Promise<Response> {
  const body = await readBody(call.request, commitBody)
  return json(await commitOne(call, { id: idParam(call, 'uploadId') as UploadId, body, at: '' }))
}

export async function commitBatch(call: Call): Promise<Response> {
  const { commits } = (await readBody(call.request, commitBatchBody)) as z.infer<typeof commitBatchBody>
  const replies: CommitReply[] = []
  for (const [i, { uploadId, files }] of commits.entries()) {
    const commit: Commit = { id: uploadId as UploadId, body: files ? { files } : {}, at: `commits/${i}/` }
    replies.push(await commitOne(call, commit).catch((error) => allRejected(commit, asAppError(error))))
  }
  return json({ commits: replies })
}

/** One upload that cannot be committed must not keep the others of the batch from it. */
function allRejected({ body, at }: Commit, error: AppError): CommitReply {
  if (error.code === 'internal' || error.code === 'session-revoked') throw error
  return { results: (body.files ?? [{ index: 0 }]).map(() => rejected(NO_MUTATION, error, at)) }
}

async function commitOne(call: Call, { id, body, at: place }: Commit): Promise<CommitReply> {
  const { upload } = unwrapParam('uploadId', await reader(call).upload(call.principal.sessionId, id))
  const isOver = upload.state === 'expired' || (upload.state === 'open' && upload.expiresAt <= call.now)
  const staged = isOver ? {} : await findStaged(call, upload, body)
  const results: (MutationResult | null)[] = []
  const mutations: { mutation: WriteFile; at: number; index: number }[] = []
  const files = wanted(upload, body)
  const precondition = readPrecondition(call.request.headers, files.length)
  for (const [at, file] of files.entries()) {
    const draft = draftOf(upload, file, at)
    try {
      const mutation = toWriteFile(call, completeDraft(draft, file), { uploadId: id, staged, precondition })
      mutations.push({ mutation, at, index: file.index })
      results.push(null)
    } catch (error) {
      results.push(rejected(draft.mutationId, asAppError(error), `${place}files/${at}/`))
    }
  }
  const changes = mutations.map(({ mutation }) => mutation)
  const outcomes = await commitChanges(call, changes)
  for (const [i, { mutation, at }] of mutations.entries())
    results[at] = toResult(mutation.id, outcomes[i]!, `${place}files/${at}/`)
  const known = results.filter((result) => result !== null)
  // The time of an upload ends what it may still bring, not what it brought: a repeated commit gives its first answers (I11).
  if (isOver && known.every(({ outcome }) => outcome === 'rejected'))
    throw new AppError('upload-expired', { field: 'uploadId' })
  return { results: known }
}

/** What the store holds for an upload that is not over, its parts joined. */
async function findStaged(call: Call, upload: StoredUpload, body: CommitBody): Promise<WriteFile['staged']> {
  await joinParts(call, upload, body)
  await call.faults('commit.before-list')
  const staged = stagedChunks(call, upload, await listArrived(call, upload.id))
  await call.faults('commit.after-list')
  return staged
}

const wanted = (upload: StoredUpload, body: CommitBody): CommitFile[] =>
  body.files ?? upload.drafts.flatMap((draft, index) => (draft === null ? [] : [{ index }]))

function draftOf(upload: StoredUpload, file: CommitFile, at: number): Draft {
  const draft = upload.drafts[file.index]
  if (!draft)
    throw new AppError('invalid-request', { field: `files/${at}/index`, detail: 'the init left no such file pending' })
  return draft
}

/** A multipart object exists only once its parts are joined; repeating it after a lost answer is no error. */
async function joinParts(call: Call, upload: StoredUpload, body: CommitBody): Promise<void> {
  if (!upload.multipart || upload.state !== 'open') return
  const { objectKey, multipartId, parts } = upload.multipart
  const told = new Set(body.parts?.map(({ partNumber }) => partNumber))
  if (!body.parts || body.parts.length !== parts.length || !parts.every((_, at) => told.has(at + 1))) {
    throw new AppError('upload-incomplete', {
      field: 'parts',
      detail: `the ETags of all ${parts.length} parts, as the store answered them`,
    })
  }
  await call.store.multipart.complete(objectKey, multipartId, body.parts).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.facts.field !== undefined || isRetryable(error.code)) throw error
    throw new AppError(error.code, { field: 'parts', ...error.facts }, { cause: error.cause })
  })
}
