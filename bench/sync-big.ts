import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from './lib/bench.ts'
import { compareWithBareLoop } from './lib/sync/against-bare-loop.ts'
import { writeRandomFile } from './lib/sync/random-files.ts'

const GIB = 1024 ** 3
const QUICK = 8

export const bench: Bench = {
  name: 'sync-big',
  bar: 0.8,
  about: '1 GiB of random bytes in one file, A → server → B, against a bare loop of PUTs and GETs of the same objects',
  run: (context) => {
    const bytes = context.quick ? GIB / QUICK : GIB
    return compareWithBareLoop(context, (tree) => {
      mkdirSync(tree)
      writeRandomFile(join(tree, 'big'), bytes)
      return { files: 1, folders: 1, bytes }
    })
  },
}
