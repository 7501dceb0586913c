import { renameSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

/** A thread that gives a folder another name and its name back, until it is told to end; then the folder has its first name. */
const { ending, names } = workerData as { ending: Int32Array; names: [string, string] }
/** Between two moves others find the folder for a moment. */
const PAUSE_MS = 0.02

while (Atomics.load(ending, 0) === 0) {
  renameSync(names[0], names[1])
  renameSync(names[1], names[0])
  Atomics.wait(ending, 0, 0, PAUSE_MS)
}
