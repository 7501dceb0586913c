import { describe, expect, test } from 'vitest'
import { plain } from '../text/paint.ts'
import { displayWidth } from '../text/terminal-text.ts'
import {
  advanceProgress,
  progressRate,
  renderProgress,
  secondsLeft,
  type Progress,
  type ProgressSample,
} from './progress.ts'

const MIB = 1024 ** 2
const sample = (more: Partial<ProgressSample> = {}): ProgressSample => ({
  bytesDone: 0,
  bytesTotal: 1024 * MIB,
  filesDone: 0,
  filesTotal: 31,
  isTotalFinal: true,
  bytesMoved: 0,
  bytesSpared: 0,
  current: null,
  ...more,
})
/** A transfer of `rate` bytes a second, seen ten times a second. */
function runFor(seconds: number, rate: number, from: Progress | null = null): Progress {
  const start = from ?? advanceProgress(null, sample(), 0)
  let progress = start
  for (let tick = 1; tick <= seconds * 10; tick++)
    progress = advanceProgress(
      progress,
      sample({ bytesDone: start.bytesDone + (tick * rate) / 10 }),
      start.atMs + tick * 100,
    )
  return progress
}
const render = (progress: Progress, columns = 80) => renderProgress(progress, { columns, paint: plain, verb: 'sent' })

describe('rate and time left', () => {
  test('a steady rate is told exactly, from the beginning', () => {
    expect(progressRate(runFor(0.3, 10 * MIB))).toBeCloseTo(10 * MIB, 3)
    expect(progressRate(runFor(20, 10 * MIB))).toBeCloseTo(10 * MIB, 3)
    expect(secondsLeft(runFor(20, 10 * MIB))).toBeCloseTo((1024 - 200) / 10, 6)
  })

  test('nothing is told before there is anything to tell', () => {
    expect(progressRate(advanceProgress(null, sample(), 5))).toBeNull()
    expect(secondsLeft(runFor(0.1, MIB))).toBeNull()
  })

  test('a change of speed shows within seconds, a stall too', () => {
    const slower = runFor(6, 2 * MIB, runFor(10, 20 * MIB))
    expect(progressRate(slower)).toBeGreaterThan(2 * MIB)
    expect(progressRate(slower)).toBeLessThan(6 * MIB)
    const stalled = runFor(60, 0, runFor(10, 20 * MIB))
    expect(secondsLeft(stalled)).toBeNull()
  })

  test('no time left is told while files are still being found', () => {
    const searching = advanceProgress(runFor(5, MIB), sample({ isTotalFinal: false, bytesDone: 6 * MIB }), 6_000)
    expect(secondsLeft(searching)).toBeNull()
  })

  test('a clock that is set back, or bytes that are taken back, do no harm', () => {
    const before = runFor(5, MIB)
    const after = advanceProgress(before, sample({ bytesDone: 0 }), before.atMs - 60_000)
    expect(progressRate(after)).toBeCloseTo(MIB, 3)
  })
})

describe('what is shown', () => {
  test('in the middle', () => {
    const state = advanceProgress(
      runFor(10, 40 * MIB),
      sample({
        bytesDone: 430 * MIB,
        filesDone: 12,
        bytesMoved: 320 * MIB,
        bytesSpared: 110 * MIB,
        current: 'photos/img_0042.jpg',
      }),
      10_000 + 750,
    )
    expect(render(state)).toEqual([
      '████████████░░░░░░░░░░░░░░░░░   41%   430 MiB of 1.00 GiB  40.0 MiB/s  ETA 0:15',
      '12 of 31 files · sent 320 MiB · already there 110 MiB · photos/img_0042.jpg',
    ])
  })

  test('at the beginning, while files are being found', () => {
    const state = advanceProgress(null, sample({ isTotalFinal: false, filesTotal: 3, bytesTotal: 5 * MIB }), 0)
    expect(render(state)).toEqual([
      '░░░░░░░░░░░░░░░░░░░░░░░░░░░░░     …      0 B of 5.00 MiB+              ETA –:––',
      '0 of 3+ files · sent 0 B',
    ])
  })

  test('empty files count as files', () => {
    const state = advanceProgress(null, sample({ bytesTotal: 0, filesDone: 1, filesTotal: 2 }), 0)
    expect(render(state)[0]).toContain(' 50%  ')
  })

  test('all done is 100 %, never more', () => {
    const state = advanceProgress(null, sample({ bytesDone: 1025 * MIB, filesDone: 31 }), 0)
    expect(render(state)[0]).toContain(' 100%  ')
  })

  test.each([20, 40, 60, 80, 120, 300])('fits into %i columns, also with a long and wide name', (columns) => {
    const state = advanceProgress(
      runFor(10, 999 * MIB),
      sample({
        bytesDone: 1023 * MIB,
        bytesTotal: 1023 * 1024 ** 4,
        filesDone: 99_999,
        filesTotal: 100_000,
        current: '写真/'.repeat(40),
      }),
      10_100,
    )
    for (const line of render(state, columns)) expect(displayWidth(line)).toBeLessThan(columns)
  })
})
