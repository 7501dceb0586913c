import { watch } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from './lib/bench.ts'
import { percentile, summarise } from './lib/summary.ts'
import { machineLoad } from './lib/sync/machine-load.ts'
import { startSyncWorld } from './lib/sync/sync-world.ts'

const SAVES = 50
const QUICK_SAVES = 10
/** Between two saves, so that both sides are idle before each. */
const IDLE_MS = 1_500
const BAR_MS = 300
const BYTES = 2_000
const LOST_MS = 30_000

export const bench: Bench = {
  name: 'sync-latency',
  bar: 1,
  about: `a file saved on A until it is there on B, both idle before: ${BAR_MS} ms over the median`,
  run: async (context) => {
    const saves = context.quick ? QUICK_SAVES : SAVES
    const { a, b, settle } = await startSyncWorld(context)
    for (const computer of [a, b]) {
      await computer.link('latency')
      await computer.start()
      await computer.untilHas(0)
    }
    await settle()
    const times: number[] = []
    // Each file is new, then changed: half of the saves replace what is on B.
    for (let save = 0; save < saves; save++) {
      await delay(IDLE_MS)
      const name = `note-${save >> 1}.txt`
      times.push(await timeOf({ from: join(a.folder, name), folder: b.folder, name, text: textOf(save) }))
    }
    const { median, min, max } = summarise(times)
    return {
      ratio: BAR_MS / median,
      medianMs: median,
      minMs: min,
      p90Ms: percentile(times, 0.9),
      p99Ms: percentile(times, 0.99),
      maxMs: max,
      saves,
      load: machineLoad(),
    }
  },
}

const textOf = (save: number): string => `save ${save} `.repeat(BYTES / 8)

type Save = { from: string; folder: string; name: string; text: string }

/** Looks whenever the system says that something has come to the folder: at no other time does it cost the daemons anything. */
async function timeOf({ from, folder, name, text }: Save): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let begun = 0
  const look = async (): Promise<void> => {
    const found = await readFile(join(folder, name), 'utf8').catch(() => '')
    if (found === text) resolve(performance.now() - begun)
  }
  const watching = watch(folder, (_event, changed) => void (changed === name && look()))
  const giveUp = setTimeout(() => reject(new Error(`${name} did not come`)), LOST_MS)
  try {
    begun = performance.now()
    await writeFile(from, text)
    return await promise
  } finally {
    clearTimeout(giveUp)
    watching.close()
  }
}
