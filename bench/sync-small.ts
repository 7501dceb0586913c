import type { Bench } from './lib/bench.ts'
import { compareWithBareLoop } from './lib/sync/against-bare-loop.ts'
import { writeRandomTree } from './lib/sync/random-files.ts'

const FILES = 10_000
const BYTES = 361e6
const QUICK = 5

export const bench: Bench = {
  name: 'sync-small',
  bar: 0.8,
  about:
    '10,000 files of random bytes, 361 MB, A → server → B, against a bare loop of PUTs and GETs of the same objects',
  run: (context) => {
    const scale = context.quick ? QUICK : 1
    return compareWithBareLoop(context, (tree) =>
      writeRandomTree(tree, { files: FILES / scale, bytes: BYTES / scale, seed: 1 }),
    )
  },
}
