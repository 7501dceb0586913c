import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInOf, sharedParts } from '../../cli/sync/link-parts.ts'
import { testWorld } from '../../cli/test-world.ts'
import { LinkHost } from '../../client/node/sync/host/link-host.ts'
import { linkFolder } from '../../client/node/sync/links/link-folder.ts'
import { timerSleep } from '../../client/retry.ts'
import type { EngineOptions } from '../../client/sync/engine-parts.ts'
import { plan } from '../../core/reconcile/plan.ts'
import type { Step } from '../../core/reconcile/step.ts'
import { openSyncWorld, WITHIN, type Computer, type SyncWorld } from './sync-cli-support.ts'

/** I1 from end to end: the planner is wrong, all else is real: disk, server, store, control, command line. */
let world: SyncWorld
let a: Computer
let b: Computer

beforeAll(async () => {
  world = await openSyncWorld()
  a = await world.computer()
  b = await world.computer()
})
afterAll(() => world?.end())

/** What is edited here, and should be sent, is removed. */
const removesEdits: EngineOptions['plan'] = (trees, device) => {
  const right = plan(trees, device)
  const wrong = (step: Step): Step => {
    const local = step.do === 'upload-version' ? trees.item(step.item)?.local : null
    if (step.do !== 'upload-version' || !local?.content) return step
    return {
      do: 'remove-local',
      item: step.item,
      expects: { is: 'content', content: local.content, stamp: local.stamp },
    }
  }
  return { ...right, steps: right.steps.map(wrong) }
}

/** The process that works on the only link of a computer, in this process. */
async function hostOn(computer: Computer, folder: string, options: Partial<EngineOptions>) {
  const { link } = await computer.status(folder)
  const home = join(computer.cli.cwd, '..', 'home')
  const here = testWorld({
    env: { XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') },
    fetch,
    now: () => Date.now(),
    random: (length) => randomBytes(length),
    sleep: (ms, signal) => timerSleep(ms, signal),
  })
  const parts = sharedParts(here, 'foreground')
  const host = new LinkHost({ ...parts, link, signIn: signInOf(here, link), options })
  const running = host.run()
  await host.answering
  return {
    log: linkFolder(link.id, parts.state).log,
    end: async () => {
      host.stop()
      await running
    },
  }
}

type Finding = { check: string; is: string; text: string; next?: string }
const guardFinding = async (exit: number): Promise<Finding | undefined> => {
  const { out } = await a.run(['sync', 'doctor', 'one', '--json'], exit)
  return (JSON.parse(out) as { findings: Finding[] }).findings.find(({ check }) => check === 'guard')
}

test('I1: a step that would destroy the last known copy is refused, counted over restarts, and shown', async () => {
  await a.write('one/f', 'first')
  await a.run(['sync', '--once', 'one', 'home/guarded'])
  expect(await guardFinding(0)).toMatchObject({ is: 'good', text: 'no step was refused' })
  await a.write('one/f', 'the only copy')

  const wrong = await hostOn(a, 'one', { plan: removesEdits })
  await expect.poll(async () => (await a.status('one')).refusals, WITHIN).toBe(1)
  expect(await a.status('one')).toMatchObject({
    blockedItems: [{ path: 'f', reason: 'refused', detail: 'its bytes are not known to be held elsewhere' }],
  })
  expect(await a.tree('one')).toEqual({ f: 'the only copy' })
  expect(await a.ok('sync', 'status', 'one')).toContain('1 step was refused, to be safe: bitvault sync doctor')
  const bad = {
    is: 'bad',
    text: expect.stringMatching(/^1 step was refused, .*nothing was lost$/),
    next: expect.stringContaining(wrong.log),
  }
  expect(await guardFinding(1)).toMatchObject(bad)
  await wrong.end()
  expect(await readFile(wrong.log, 'utf8')).toMatch(
    /"kind":"guard","path":"f","detail":"remove-local was not let through"/,
  )

  // Nobody works on it; then somebody who is right does.
  expect(await a.status('one')).toMatchObject({ state: 'not-running', refusals: 1 })
  await a.run(['sync', '--once', 'one'])
  expect(await a.status('one')).toMatchObject({ blocked: 0, refusals: 1 })
  expect(await guardFinding(1)).toMatchObject(bad)
  await b.run(['sync', '--once', 'two', 'home/guarded'])
  expect(await b.tree('two')).toEqual({ f: 'the only copy' })
})
