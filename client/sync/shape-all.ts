import type { ItemId } from '../../core/reconcile/item.ts'
import { createLimiter } from '../transfer/limiter.ts'
import type { Aliases } from './aliases.ts'
import type { Course } from './course.ts'
import { noteFailedStep } from './failed-step.ts'
import { shapeLocal, type ShapeStep } from './local-steps.ts'

/** Changes at once that do not depend on each other: they share the waits for the disk. */
const AT_ONCE = 32

/**
 * Does changes of names and folders in the order of the plan. New folders go as soon as the folder above is there, and files that go, go together; everything else waits
 * for all before it. What does not come off is noted, and the others go on. Whoever calls is alone on the disk.
 * @throws Halt, RootLost
 */
export async function shapeAll(course: Course, steps: readonly ShapeStep[], aliases: Aliases): Promise<void> {
  const lane = createLimiter(AT_ONCE)
  const made = new Map<ItemId, Promise<void>>()
  let working: Promise<void>[] = []
  let together: Together = 'alone'
  const finish = async (): Promise<void> => {
    const ended = await Promise.allSettled(working)
    working = []
    course.writes.flush()
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  }
  course.writes.flush()
  try {
    for (const step of steps) {
      const now = aliases.step(step)
      const kind = togetherWith(course, now)
      if (kind === 'alone' || kind !== together) await finish()
      together = kind
      const above = now.do === 'make-local-folder' ? made.get(now.to.parent) : undefined
      const work = (above ?? Promise.resolve()).then(() => lane(() => shapeOne(course, now)))
      working.push(work)
      if (now.do === 'make-local-folder') made.set(now.item, work)
    }
  } finally {
    await finish()
  }
}

type Together = 'alone' | 'new-folders' | 'old-files'

function togetherWith({ store }: Course, step: ShapeStep): Together {
  if (step.do === 'make-local-folder') return 'new-folders'
  return step.do === 'remove-local' && store.item(step.item)?.local?.kind !== 'folder' ? 'old-files' : 'alone'
}

async function shapeOne(course: Course, step: ShapeStep): Promise<void> {
  try {
    await shapeLocal(course, step)
  } catch (error) {
    noteFailedStep(course, step, error)
  }
}
