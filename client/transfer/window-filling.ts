import type { ChunkWindow } from './chunk-window.ts'
import { checkAndSend, type OpenUpload } from './send-objects.ts'
import type { UploadRun } from './upload-run.ts'

export type WindowFilling = {
  add(chunk: Parameters<ChunkWindow['add']>[0]): Promise<void>
  /** Sends what is left. Throws the first failure of all. */
  finish(): Promise<void>
  /** Sends nothing more; resolves when nothing is under way. */
  giveUp(): Promise<void>
}

/** Hands full windows to the network, and waits where none is free. @param windowBytes at least the largest chunk */
export function createFilling(run: UploadRun, upload: OpenUpload, windowBytes: number): WindowFilling {
  type Lent = { window: ChunkWindow; close: (send: boolean) => void; sent: Promise<void> }
  const sending = new Set<Promise<void>>()
  let failure: { error: unknown } | null = null
  let open: Lent | null = null

  const borrow = (): Promise<Lent> =>
    new Promise((resolve, reject) => {
      const sent: Promise<void> = run.windows
        .lend(windowBytes, async (window) => {
          const send = await new Promise<boolean>((close) => resolve({ window, close, sent }))
          if (send) await checkAndSend(run, upload, window)
        })
        .catch((error: unknown) => {
          failure ??= { error }
          reject(error)
        })
        .finally(() => sending.delete(sent))
      sending.add(sent)
    })
  const throwFailure = () => {
    if (failure !== null) throw failure.error
  }
  const add = async (chunk: Parameters<ChunkWindow['add']>[0]): Promise<void> => {
    throwFailure()
    open ??= await borrow()
    if (open.window.add(chunk)) return
    open.close(true)
    open = await borrow()
    throwFailure()
    open.window.add(chunk)
  }
  const drain = async (send: boolean): Promise<void> => {
    open?.close(send)
    open = null
    await Promise.all(sending)
  }
  return {
    add,
    finish: async () => {
      await drain(true)
      throwFailure()
    },
    giveUp: () => drain(false),
  }
}
