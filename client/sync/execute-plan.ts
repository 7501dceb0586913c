import type { NoteStep, Plan, RemoteStep } from '../../core/reconcile/step.ts'
import { Aliases } from './aliases.ts'
import type { Course } from './course.ts'
import { isNameFree } from './free-name.ts'
import type { DownloadStep } from './place-version.ts'
import type { ShapeStep } from './local-steps.ts'
import { writeNotes } from './note-steps.ts'
import { isPushed, pushSteps } from './push-steps.ts'
import { shapeAll } from './shape-all.ts'
import { fingerprintOf, isSameRequest } from './sent.ts'
import type { Transfers } from './transfers.ts'
import type { UploadStep } from './upload-steps.ts'

/**
 * Does what a plan says: notes, then what goes to the server in one push, then names and folders on the disk, each in the order of the plan; files go their
 * own way from then on (`Transfers`). No step waits for the bytes of a file, so this order is as good as the plan's: names are freed before files
 * take them.
 * @throws Halt, RootLost, AppError, ConnectionError
 */
export async function executePlan(course: Course, transfers: Transfers, { steps }: Plan): Promise<void> {
  const aliases = new Aliases()
  const sorted = sortSteps(steps)
  writeNotes(course, sorted.notes, aliases)
  if (sorted.pushed.length > 0) {
    await course.requireRoot()
    await pushSteps(course, sorted.pushed, aliases)
  }
  if (sorted.shapes.length > 0) await course.lock.alone(() => shapeAll(course, sorted.shapes, aliases))
  const unanswered = contentsSentAgain(course, sorted.uploads)
  const downloads = sorted.downloads.filter((step) => mayFetch(course, aliases.step(step), unanswered))
  transfers.start(downloads, sorted.uploads, aliases)
}

/** Whoever should have left the name has not: nothing is fetched before another plan has looked at that. */
function mayFetch(course: Course, { item, to, expects }: DownloadStep, unanswered: ReadonlySet<string>): boolean {
  if (expects.is === 'content') return true
  const content = course.store.item(item)?.remote?.content
  return isNameFree(course, item, to) && !(content?.kind === 'file' && unanswered.has(content.sha256))
}

/**
 * What is sent again under the id that it had, since the answer was lost: what seems to be new on the server may be that very file, under the name of a
 * conflicted copy. The answer tells (P2, P10).
 */
function contentsSentAgain({ store }: Course, uploads: readonly UploadStep[]): ReadonlySet<string> {
  const sent = uploads.filter((step) => {
    const pending = store.item(step.item)?.pending
    return pending && isSameRequest(pending, fingerprintOf(step, 0))
  })
  return new Set(sent.flatMap(({ content }) => (content.kind === 'file' ? [content.sha256] : [])))
}

type Sorted = {
  notes: NoteStep[]
  pushed: RemoteStep[]
  shapes: ShapeStep[]
  downloads: DownloadStep[]
  uploads: UploadStep[]
}

function sortSteps(steps: Plan['steps']): Sorted {
  const sorted: Sorted = { notes: [], pushed: [], shapes: [], downloads: [], uploads: [] }
  for (const step of steps) {
    switch (step.do) {
      case 'adopt':
      case 'pair':
      case 'forget':
      case 'block':
      case 'unblock':
        sorted.notes.push(step)
        break
      case 'upload-new':
      case 'upload-version':
        if (isPushed(step)) sorted.pushed.push(step)
        else sorted.uploads.push(step)
        break
      case 'create-remote-folder':
      case 'move-remote':
      case 'trash-remote':
      case 'set-executable-remote':
        sorted.pushed.push(step)
        break
      case 'download':
        sorted.downloads.push(step)
        break
      default:
        sorted.shapes.push(step)
    }
  }
  return sorted
}
