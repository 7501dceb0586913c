import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { IS_LONG, LARGE_REST_MS, Torture, type Round } from './sync-torture-support.ts'
import type { Side } from './sync-side.ts'

/** SC-01, SC-02: as many files as somebody may have. */
const FILES = Number(process.env['BITVAULT_TEST_FILES'] ?? (IS_LONG ? 500_000 : 1_000))
const IN_A_FOLDER = 250
const SIZE_BYTES = 100
/** What a daemon may need at rest, for itself and for each file; and while it has all hands full. */
const AT_REST_BYTES = 200 * 1024 * 1024
const AT_WORK_BYTES = 400 * 1024 * 1024
const A_FILE_BYTES = 1_024

let torture: Torture
let round: Round

beforeAll(async () => {
  torture = await Torture.open()
})
afterAll(() => torture?.end())
beforeEach(async () => {
  round = await torture.round()
})
afterEach(() => round?.end())

/** `VmRSS`: now, `VmHWM`: at most until now. */
function residentBytes({ pid }: Side, what: 'VmRSS' | 'VmHWM'): number {
  const [, kib] = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

test(
  `${FILES} files come to the other side, and bounded memory holds them`,
  { timeout: 4 * LARGE_REST_MS },
  async () => {
    const { a, b } = round
    for (let i = 0; i < FILES; i++) {
      const folder = join(a.folder, `part ${i % 4}`, `folder ${Math.floor(i / IN_A_FOLDER)}`)
      if (i % IN_A_FOLDER < 4) mkdirSync(folder, { recursive: true })
      a.person.create(join(folder, `file ${i}`), SIZE_BYTES)
    }
    await round.rest({ isLarge: true })
    renameSync(join(b.folder, 'part 1'), join(b.folder, 'moved'))
    for (let i = 0; i < 40; i++) b.person.saveAtomic(join(b.folder, 'part 2', 'folder 0', `file ${i * 4 + 2}`))
    round.act(10)
    await round.rest({ isLarge: true })
    for (const side of [a, b])
      expect.soft(residentBytes(side, 'VmHWM'), side.name).toBeLessThan(AT_WORK_BYTES + FILES * A_FILE_BYTES)
    await a.stop()
    await a.start()
    await round.rest({ isLarge: true })
    expect(residentBytes(a, 'VmRSS')).toBeLessThan(AT_REST_BYTES + FILES * A_FILE_BYTES)
  },
)
