import { randomUUID } from 'node:crypto'
import type { Bench, BenchContext } from './lib/bench.ts'
import { startBenchStack, untilQuiet, type BenchStack } from './lib/bench-stack.ts'
import { gatherCrowd, type Crowd } from './lib/live-crowd.ts'
import { openRawLive } from './lib/raw-live.ts'
import { summarise } from './lib/summary.ts'

const DEVICES = 1_000
const PEOPLE = 100
const GOAL_MS = 1_000
const OPENED_AT_ONCE = 32
/** Rights that were asked for longer ago than two seconds are asked again before a change goes out: the slow case. */
const PAUSE_MS = 2_500

/** One hop: a change is carried to every device that may read it, not fetched by each. */
export const bench: Bench = {
  name: 'fanout',
  bar: 1,
  about: '1 s over the time from sending a change until the last of 1,000 connected devices of 100 people has it',
  run,
}

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  context.note(`gathering ${DEVICES} devices of ${PEOPLE} people who share a space`)
  const crowd = await gatherCrowd(bench, { people: PEOPLE, devices: DEVICES })
  const arrivals = await connectAll(context, bench, crowd)
  await untilQuiet(bench)
  const rounds = context.quick ? 3 : 15
  const idle: Round[] = []
  for (let i = 0; i < rounds; i++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    idle.push(await oneChange(bench, crowd, arrivals))
  }
  const busy: Round[] = []
  for (let i = 0; i < rounds; i++) busy.push(await oneChange(bench, crowd, arrivals))
  const last = summarise(idle.map(({ lastMs }) => lastMs))
  return {
    ratio: round(GOAL_MS / last.median),
    devices: DEVICES,
    lastMs: round(last.median),
    lastMsMax: round(last.max),
    firstMs: round(summarise(idle.map(({ firstMs }) => firstMs)).median),
    answerMs: round(summarise(idle.map(({ answerMs }) => answerMs)).median),
    lastMsInARow: round(summarise(busy.map(({ lastMs }) => lastMs)).median),
  }
}

type Round = { answerMs: number; firstMs: number; lastMs: number }
/** Whom a change, named by its file, has reached. */
type Arrivals = { watch: ((text: string) => void) | null }

async function connectAll(context: BenchContext, { stack }: BenchStack, crowd: Crowd): Promise<Arrivals> {
  const arrivals: Arrivals = { watch: null }
  const waiting = [...crowd.devices]
  const open = async (): Promise<void> => {
    for (let device = waiting.pop(); device; device = waiting.pop()) {
      const path = `/v1/sync/live?device=${device.deviceId}`
      const socket = await openRawLive({ url: stack.url, token: device.token, path }, (text) => arrivals.watch?.(text))
      context.afterwards(() => socket.close())
    }
  }
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open))
  return arrivals
}

async function oneChange({ owner }: BenchStack, { space }: Crowd, arrivals: Arrivals): Promise<Round> {
  const name = randomUUID()
  let count = 0
  let firstMs = 0
  const startedAt = performance.now()
  const all = new Promise<number>((resolve) => {
    arrivals.watch = (text) => {
      if (!text.includes(name)) return
      count += 1
      if (count === 1) firstMs = performance.now() - startedAt
      if (count === DEVICES) resolve(performance.now() - startedAt)
    }
  })
  const { status } = await owner.call('POST', '/v1/folders', { parent: space.rootId, name })
  const answerMs = performance.now() - startedAt
  if (status !== 201) throw new Error(`the change answered ${status}`)
  return { lastMs: await all, answerMs, firstMs }
}

const round = (value: number): number => Math.round(value * 100) / 100
