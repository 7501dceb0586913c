import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { DemoEvent } from '../../demo/events.ts'
import { SCENES } from '../../demo/scenes.ts'

/** `npm run demo`, as a program sees it. */
const RUN = fileURLToPath(new URL('../../demo/run.ts', import.meta.url))
type Of<E extends DemoEvent['event']> = Extract<DemoEvent, { event: E }>

class Demo {
  readonly child: ChildProcess
  readonly events: DemoEvent[] = []
  readonly ended: Promise<unknown[]>

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.events.push(JSON.parse(line) as DemoEvent))
    this.ended = once(this.child, 'close')
    onTestFinished(async () => {
      // In order, so that what it has started ends with it.
      this.child.kill('SIGTERM')
      await this.ended
    })
  }

  /** Until it has told so many of these. */
  until = (event: DemoEvent['event'], count: number) =>
    expect
      .poll(() => (this.of('end')[0] ? this.of('end') : this.of(event).length >= count), { timeout: 90_000 })
      .toBe(true)

  of = <E extends DemoEvent['event']>(event: E): Of<E>[] =>
    this.events.filter((one): one is Of<E> => one.event === event)

  /** Nothing that it has told of is there any more. */
  async expectGone(): Promise<void> {
    for (const { folder, pid } of this.of('device')) {
      await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' })
      expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    }
    await expect(fetch(this.of('started')[0]!.server)).rejects.toThrow('fetch failed')
  }
}

test('the demo shows seven things that really happen, and leaves nothing behind', async () => {
  const demo = new Demo('--json')
  const [exit] = await demo.ended
  expect(demo.events.at(-1)).toMatchObject({ event: 'end', ok: true, scenes: SCENES.length, refusals: 0 })
  expect(exit).toBe(0)
  expect(demo.of('device').map(({ device }) => device)).toEqual(['laptop', 'desktop'])
  expect(demo.of('scene').map(({ scene }) => scene)).toEqual(SCENES.map(({ name }) => name))
  const shown = Object.fromEntries(demo.of('shown').map(({ scene, facts }) => [scene, facts]))
  expect(shown).toMatchObject({
    create: { visibleAfterMs: expect.any(Number) },
    edit: { versions: 2 },
    rename: { files: 300, fileBytesSent: 0, fileBytesReceived: 0 },
    conflict: { copies: [expect.stringMatching(/^plan \(conflicted copy from desktop, .*\)\.md$/)] },
    brake: { asked: 301, of: 304 },
  })
  // One byte of 64 MiB: first all of it, then hardly anything.
  const { fileBytes, firstSent, fileBytesSent, fileBytesReceived } = shown['delta'] as Record<string, number>
  expect(firstSent).toBeGreaterThan(fileBytes!)
  expect(fileBytesSent! + fileBytesReceived!).toBeLessThan(2_200_000)
  // What the engines did, told by themselves.
  const steps = demo.of('step').map(({ device, step, path }) => `${device} ${step} ${path}`)
  expect(steps).toEqual(
    expect.arrayContaining([
      'laptop upload-new notes.txt',
      'desktop download notes.txt',
      'laptop move-remote holiday',
      'desktop move-local holiday',
      'laptop upload-version film.mov',
      'laptop trash-remote notes.txt',
    ]),
  )
  expect(steps.filter((step) => step.includes('move-remote') || step.includes('move-local holiday'))).toHaveLength(2)
  await demo.expectGone()
})

test('Ctrl-C in the middle ends it, and leaves nothing behind', async () => {
  const demo = new Demo('--json')
  await demo.until('scene', 2)
  demo.child.kill('SIGINT')
  expect(await demo.ended).toEqual([130, null])
  expect(demo.events.slice(-2)).toMatchObject([
    { event: 'stopped' },
    { event: 'end', ok: false, error: 'Interrupted.' },
  ])
  await demo.expectGone()
})

test('when something does not happen, it says so, ends with 1, and leaves nothing behind', async () => {
  const demo = new Demo('--json')
  await demo.until('device', 2)
  process.kill(demo.of('device')[1]!.pid, 'SIGKILL')
  expect(await demo.ended).toEqual([1, null])
  const [end] = demo.of('end')
  expect(end).toMatchObject({ ok: false, error: 'the background process of the desktop does not run any more.' })
  await demo.expectGone()
})

test('an option that is not there is refused', async () => {
  const demo = new Demo('--fast')
  let said = ''
  demo.child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()))
  expect(await demo.ended).toEqual([2, null])
  expect(said).toContain('There is no option --fast.')
})
