import { parentPort, type MessagePort } from 'node:worker_threads'
import { listingOf } from '../../../sync/listing.ts'
import type { FolderSeen, LocalPath } from '../../../sync/ports.ts'
import type { Looks } from './disk-entry.ts'
import { claim, through, type Claims } from './list-claims.ts'
import { listFolder } from './list-folder.ts'
import type { Root } from './root.ts'

/** What this thread is told once, at first. */
export type ListTask = { root: Root; looks: Looks; port: MessagePort; claims: Claims }
export type ToList = FolderSeen & { number: number }
/** `listing`: as JSON, which is quicker to hand over than objects are; `null`: whoever asks shall see for himself why not. */
export type Listed = { path: LocalPath; listing: string | null }

parentPort!.once('message', (task: ListTask) => {
  let working = Promise.resolve()
  task.port.on('message', (asked: ToList[]) => {
    working = working.then(() => listAll(task, asked))
  })
})

async function listAll(task: ListTask, asked: readonly ToList[]): Promise<void> {
  const { port, claims } = task
  for (const folder of asked) {
    if (claim(claims, folder.number, 'helper')) port.postMessage(await list(task, folder))
    through(claims, folder.number)
  }
}

async function list({ root, looks }: ListTask, folder: FolderSeen): Promise<Listed> {
  const { path } = folder
  try {
    return { path, listing: JSON.stringify(listingOf(await listFolder(root, looks, folder), folder.digest)) }
  } catch {
    return { path, listing: null }
  }
}
