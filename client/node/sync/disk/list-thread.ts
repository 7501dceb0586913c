import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** A thread that nobody has taken ends then. */
const UNTAKEN_MS = 60_000
const MODULE = `./list-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`

let begun: Worker | null = null

/**
 * A thread takes a tenth of a second until it can do anything: so whoever will look at a large tree soon begins one while a database is opened and a server
 * asked.
 */
export function beginListThread(): void {
  if (begun !== null || availableParallelism() === 1) return
  try {
    const thread = start()
    begun = thread
    const forget = (): void => {
      if (begun === thread) begun = null
    }
    for (const event of ['error', 'exit']) thread.on(event, forget)
    setTimeout(() => {
      if (begun === thread) void thread.terminate()
    }, UNTAKEN_MS).unref()
  } catch {
    // It helps, and is not needed.
  }
}

/** @returns the one that was begun, which is the caller's now; or a new one. @throws where the system has none */
export function takeListThread(): Worker {
  const thread = begun ?? start()
  begun = null
  return thread
}

function start(): Worker {
  const thread = new Worker(new URL(MODULE, import.meta.url))
  thread.unref()
  return thread
}
