import type { MessagePort } from 'node:worker_threads'
import { workerData } from 'node:worker_threads'
import { listingOf } from '../../../sync/listing.ts'
import type { FolderSeen, LocalPath } from '../../../sync/ports.ts'
import type { Looks } from './disk-entry.ts'
import { claim, through, type Claims } from './list-claims.ts'
import { listFolder } from './list-folder.ts'
import type { Root } from './root.ts'

/** What this thread is begun with. */
export type ListWorkerData = { root: Root; looks: Looks; port: MessagePort; claims: Claims }
export type ToList = FolderSeen & { number: number }
/** `listing`: as JSON, which is quicker to hand over than objects are; `null`: whoever asks shall see for himself why not. */
export type Listed = { path: LocalPath; listing: string | null }

const { root, looks, port, claims } = workerData as ListWorkerData

async function listAll(asked: readonly ToList[]): Promise<void> {
  for (const folder of asked) {
    if (claim(claims, folder.number, 'helper')) port.postMessage(await list(folder))
    through(claims, folder.number)
  }
}

async function list(folder: FolderSeen): Promise<Listed> {
  const { path } = folder
  try {
    return { path, listing: JSON.stringify(listingOf(await listFolder(root, looks, folder), folder.digest)) }
  } catch {
    return { path, listing: null }
  }
}

let working = Promise.resolve()
port.on('message', (asked: ToList[]) => {
  working = working.then(() => listAll(asked))
})
