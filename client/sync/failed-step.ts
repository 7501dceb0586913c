import type { LocalStep } from '../../core/reconcile/step.ts'
import { noteFailure, type Course } from './course.ts'
import { Guarded, Otherwise } from './otherwise.ts'
import { folderOf, localPath, pathOfPlace, shownPath } from './local-path.ts'
import type { LocalPath } from './ports.ts'
import { RootLost } from './root-lost.ts'
import { troubleOf, type Trouble } from './trouble.ts'

/**
 * A step on the disk did not come off.
 * @throws Halt, RootLost: nothing else would either; `error`, when no port threw it
 */
export function noteFailedStep(course: Course, step: LocalStep, error: unknown): void {
  if (error instanceof RootLost || course.signal.aborted) throw error
  const { store, tell } = course
  if (error instanceof Guarded)
    tell({ kind: 'guard', path: shownPath(store, step.item), detail: `${step.do} was not let through` })
  const trouble = troubleOfStep(error, step)
  noteFailure(course, { id: step.item, step: step.do, trouble, cause: error, folder: folderOfStep(course, step) })
}

function troubleOfStep(error: unknown, step: LocalStep): Trouble {
  if (error instanceof Otherwise)
    return { is: 'changed', side: 'disk', ...(error.lasting === null ? {} : { lasting: error.lasting }) }
  if (error instanceof Guarded)
    return { is: 'blocked', reason: 'refused', detail: 'its bytes are not known to be held elsewhere' }
  return troubleOf(error, step.do === 'download' ? 'server' : 'disk')
}

/** Where somebody has to look again: of a folder that could not go, in it too. */
function folderOfStep({ store, again }: Course, step: LocalStep): LocalPath | null {
  const path = localPath(store, step.item)
  if (path === null)
    return 'to' in step ? ((to) => (to === null ? null : folderOf(to)))(pathOfPlace(store, step.to)) : null
  if (store.item(step.item)?.local?.kind === 'folder') again.folder(path)
  if ('to' in step) {
    const to = pathOfPlace(store, step.to)
    if (to !== null) again.folder(folderOf(to))
  }
  return folderOf(path)
}
