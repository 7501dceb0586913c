import { expect, test, vi } from 'vitest'
import type { Ending } from './child.ts'
import { type Crash, keepAlive } from './keep-alive.ts'

const ENDING: Ending = { code: null, signal: 'SIGKILL' }

/** Servers made by hand: `end` is their death. */
function makeServers(failing: number[] = []) {
  const started: { ended: Promise<Ending>; end: () => void }[] = []
  const crashes: Crash[] = []
  let starts = 0
  const waiting: (() => void)[] = []
  const start = async () => {
    if (failing.includes(++starts)) throw new Error(`start ${starts} fails`)
    const { promise, resolve } = Promise.withResolvers<Ending>()
    const server = { ended: promise, end: () => resolve(ENDING) }
    started.push(server)
    waiting.shift()?.()
    return server
  }
  const nextStart = () => new Promise<void>((resolve) => waiting.push(resolve))
  return { start, started, crashes, onCrash: (crash: Crash) => void crashes.push(crash), nextStart }
}

const end = async (server: { end: () => void }) => server.end()

test('a server that ends by itself is started again, also when that fails at first', async () => {
  const servers = makeServers([2])
  const kept = await keepAlive(servers.start, servers.onCrash)
  const back = servers.nextStart()
  servers.started[0]!.end()
  await back
  expect(servers.crashes).toEqual([
    { ending: ENDING, restartInMs: 100 },
    { ending: ENDING, restartInMs: 200 },
  ])
  await kept.takeDown(end)
})

test('one that is taken down stays down until it is brought up', async () => {
  const servers = makeServers()
  const kept = await keepAlive(servers.start, servers.onCrash)
  await kept.takeDown(end)
  await servers.started[0]!.ended
  expect(servers.crashes).toEqual([])
  expect(servers.started).toHaveLength(1)
  await kept.bringUp()
  expect(kept.current()).toBe(servers.started[1])
})

test('taking it down in the middle of a revival does not wait for it, and leaves nothing running', async () => {
  const servers = makeServers([2, 3, 4, 5, 6, 7, 8])
  const kept = await keepAlive(servers.start, servers.onCrash)
  servers.started[0]!.end()
  await vi.waitUntil(() => servers.crashes.at(-1)?.restartInMs === 400)
  const at = performance.now()
  await kept.takeDown(end)
  expect(performance.now() - at).toBeLessThan(300)
  expect(kept.current()).toBe(servers.started.at(-1))
  expect(servers.started).toHaveLength(1)
})

test('the first start that fails is the caller’s', async () => {
  await expect(keepAlive(makeServers([1]).start, () => {})).rejects.toThrow('start 1 fails')
})
