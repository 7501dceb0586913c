import type { AppError } from '../../core/errors.ts'
import { isLocalId, isSameStamp, type Item, type ItemId } from '../../core/reconcile/item.ts'
import type { RemoteStep } from '../../core/reconcile/step.ts'
import type { Aliases } from './aliases.ts'
import { Halt, noteFailure, tellStep, tellStepEnd, type Course } from './course.ts'
import { folderOf, localPath } from './local-path.ts'
import type { Remote, StoreWriter, UploadFile } from './ports.ts'
import { newMutationId, pendingFor } from './push-steps.ts'
import { fingerprintOf } from './sent.ts'
import { settleAnswer } from './settle-answer.ts'
import { systemCode, troubleOf, troubleOfCode, type Trouble } from './trouble.ts'

export type UploadStep = Extract<RemoteStep, { do: 'upload-new' | 'upload-version' }>
type Prepared = { file: UploadFile; step: UploadStep }
type UploadAnswer = Remote['upload'] extends (files: UploadFile[]) => AsyncIterable<infer Answer> ? Answer : never

/**
 * Sends files, as few requests as can be. The ids of their mutations are durable before the first byte leaves. Answers are written in batches: one that is lost
 * with a crash is given again for the same id.
 * @param onSent called for each file that was answered
 * @throws Halt, AppError, ConnectionError
 */
export async function uploadFiles(
  course: Course,
  { steps, aliases }: { steps: readonly UploadStep[]; aliases: Aliases },
  onSent: (item: ItemId) => void,
): Promise<void> {
  const prepared = prepare(
    course,
    steps.map((step) => aliases.step(step)),
  )
  const waiting = new Map(prepared.map((one) => [one.file.item, one]))
  if (waiting.size === 0) return
  for (const { step } of prepared) tellStep(course, step.do, step.item)
  for await (const answer of course.remote.upload(
    prepared.map(({ file }) => file),
    course.signal,
  )) {
    const one = waiting.get(answer.item)
    if (one === undefined) continue
    waiting.delete(answer.item)
    haltIfHopeless(answer)
    course.writes.add((to) => settleUpload(course, to, { ...one, answer }))
    onSent(answer.item)
  }
  course.writes.flush()
}

function prepare({ store, clock, random, signal, lists }: Course, steps: readonly UploadStep[]): Prepared[] {
  const prepared: Prepared[] = []
  signal.throwIfAborted()
  store.write((to) => {
    for (const step of steps) {
      const item = store.item(step.item)
      const path = localPath(store, step.item)
      const target = targetOf(step)
      // Its folder is not on the server: that has failed, and comes first.
      if (!item || path === null || target === null || step.content.kind !== 'file') continue
      const pending = pendingFor(item, fingerprintOf(step, 0), () => newMutationId(clock.now(), random.bytes(10)))
      to.setPending(item.id, pending)
      const base = step.do === 'upload-new' ? 0 : step.base
      const { mtimeNs } = step.stamp
      const init = { target, base, mtimeNs, executable: step.content.executable }
      const { sha256 } = step.content
      const chunks = standsForBytes(item, step) ? lists.get(sha256) : null
      prepared.push({
        step,
        file: {
          item: item.id,
          mutation: pending.mutation,
          init,
          path,
          stamp: step.stamp,
          sha256,
          ...(chunks && { chunks }),
        },
      })
    }
  })
  return prepared
}

/** The file of this stamp has the bytes that were planned with. Otherwise all of them are read once more (TM-01). */
function standsForBytes({ local }: Item, { stamp, content }: UploadStep): boolean {
  if (local?.content?.kind !== 'file' || content.kind !== 'file') return false
  return local.isSettled && isSameStamp(local.stamp, stamp) && local.content.sha256 === content.sha256
}

function targetOf(step: UploadStep): UploadFile['init']['target'] | null {
  if (step.do === 'upload-version') return { node: step.item }
  const { parent, name } = step.place
  return isLocalId(parent) ? null : { parent, name }
}

type Settling = Prepared & { answer: UploadAnswer }

function settleUpload(course: Course, to: StoreWriter, { file, step, answer }: Settling): ItemId {
  const { result, chunks } = answer
  if (chunks) course.lists.note(chunks)
  if (result.outcome !== 'failed') {
    const id = settleAnswer(course, to, { step, result })
    tellStepEnd(course, step.do, id, file.path)
    return id
  }
  const trouble = troubleOfUpload(result.error)
  if (trouble.is === 'changed' && trouble.side === 'disk') distrust(course, to, step.item)
  noteFailure(course, { id: step.item, step: step.do, trouble, cause: result.error, folder: folderOf(file.path) }, to)
  return step.item
}

/** Its bytes were others than its stamp stands for: they are read anew before anything is said of it. */
function distrust({ store }: Course, to: StoreWriter, id: ItemId): void {
  const local = store.item(id)?.local
  if (local?.kind === 'file') to.setLocal(id, { ...local, content: null, isSettled: false })
}

/** What would stop everything is found out before it is in a transaction with what others have done. @throws Halt */
function haltIfHopeless({ result }: UploadAnswer): void {
  if (result.outcome === 'applied' || result.outcome === 'conflict') return
  const isFailed = result.outcome === 'failed'
  const trouble = isFailed ? troubleOfUpload(result.error) : troubleOfCode(result.problem.code)
  if (trouble.is === 'offline' || trouble.is === 'ended') throw new Halt(trouble, isFailed ? result.error : null)
}

/** A file that could not be read, or bytes that could not be sent. */
function troubleOfUpload(error: unknown): Trouble {
  const isOfDisk = systemCode(error) !== null && !isAppError(error)
  if (isOfDisk) return troubleOf(error, 'disk')
  // Read while somebody wrote it (WR-01, WR-02).
  if (isAppError(error) && (error.code === 'busy' || error.code === 'precondition-failed'))
    return { is: 'changed', side: 'disk' }
  return troubleOf(error, 'server')
}

const isAppError = (error: unknown): error is AppError => error instanceof Error && error.name === 'AppError'
