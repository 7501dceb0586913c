import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchContext } from './bench.ts'
import { formatTable } from './table.ts'

const CACHE_FOLDER = fileURLToPath(new URL('../../.bitvault/bench-cache', import.meta.url))

/** The context of one run, and what ends it. `cleanUp` may be called twice. */
export async function createContext(options: {
  quick: boolean
  print: (line: string) => void
}): Promise<{ context: BenchContext; cleanUp: () => Promise<void> }> {
  const { quick, print } = options
  const cleanUps: (() => Promise<void> | void)[] = []
  await mkdir(CACHE_FOLDER, { recursive: true })
  const context: BenchContext = {
    quick,
    note: print,
    table: (rows) => print(formatTable(rows)),
    cacheFolder: CACHE_FOLDER,
    afterwards: (cleanUp) => void cleanUps.push(cleanUp),
    freshFolder: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bitvault-bench-'))
      cleanUps.unshift(() => rm(folder, { recursive: true, force: true }))
      return folder
    },
  }
  let cleaning = Promise.resolve()
  // Whoever calls it while it is under way waits for the end: a broken-off run fails, and would end the process before.
  const cleanUp = () =>
    (cleaning = cleaning.then(async () => {
      for (let last = cleanUps.pop(); last; last = cleanUps.pop()) await last()
    }))
  return { context, cleanUp }
}
