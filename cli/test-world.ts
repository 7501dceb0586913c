import type { Output, World } from './world.ts'

/** A world for tests: written text is kept, time stands still until it is moved, sleeping moves it. */
export type TestWorld = World & {
  out: () => string
  err: () => string
  clock: { ms: number }
  launched: string[][]
  stop: AbortController
}

export function testWorld(
  more: Partial<World> & { isTerminal?: boolean; columns?: number; rows?: number } = {},
): TestWorld {
  const { isTerminal = false, columns = 80, rows = 24, ...rest } = more
  const clock = { ms: 1_800_000_000_000 }
  const launched: string[][] = []
  const stop = new AbortController()
  const [stdout, stderr] = [keep({ isTerminal, columns, rows }), keep({ isTerminal, columns, rows })]
  return {
    env: {},
    cwd: '/here',
    platform: 'linux',
    hostName: 'test-device',
    stdin: (async function* () {})(),
    stdout: stdout.output,
    stderr: stderr.output,
    fetch: () => Promise.reject(new TypeError('no network in this test')),
    now: () => clock.ms,
    random: (length) => new Uint8Array(length).fill(7),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      clock.ms += ms
    },
    signal: stop.signal,
    launch: async (program, args) => {
      launched.push([program, ...args])
      return true
    },
    out: stdout.text,
    err: stderr.text,
    home: '/home/test',
    run: async (program, args) => {
      launched.push([program, ...args])
      return null
    },
    clock,
    launched,
    stop,
    ...rest,
  }
}

function keep(screen: Omit<Output, 'write'>): { output: Output; text: () => string } {
  let text = ''
  const decoder = new TextDecoder()
  const output: Output = {
    ...screen,
    write: async (chunk) => {
      text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    },
  }
  return { output, text: () => text }
}
