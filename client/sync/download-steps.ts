import type { Arrivals } from './arrivals.ts'
import { tellStep, tellStepEnd, type Course } from './course.ts'
import { fetchVersion } from './fetch-version.ts'
import type { DownloadStep } from './place-version.ts'

/**
 * Brings one version here: to a temporary file first; then, after a second look, to its name in one step. The old file stays until then, and goes
 * to the safety trash. What both sides agree on is written when the disk has it durably (I9).
 * @throws Otherwise, Guarded, RootLost; what disk and server throw
 */
export async function download(course: Course, arrivals: Arrivals, step: DownloadStep): Promise<void> {
  const item = course.store.item(step.item)
  // Gone, or forgotten, since it was planned.
  if (!item?.remote) return
  const wanted = { step, remote: item.remote }
  const path = tellStep(course, 'download', step.item)
  if (item.remote.content.kind === 'symlink') await arrivals.place(wanted, null)
  else {
    const temp = await fetchVersion(course, item, wanted)
    let isPlaced = false
    try {
      isPlaced = await arrivals.place(wanted, temp)
    } finally {
      if (!isPlaced) await temp.drop()
    }
  }
  tellStepEnd(course, 'download', step.item, path)
}
