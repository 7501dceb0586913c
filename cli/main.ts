import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { parse } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT } from './exit-codes.ts'
import { CliError } from './failure.ts'
import { SHOW_CURSOR } from './progress/redrawn-lines.ts'
import { runCli } from './run.ts'
import type { Output, World } from './world.ts'

/** A second Ctrl-C ends at once; one that comes this soon after the first is the same key press, passed on by bin.js. */
const SAME_PRESS_MS = 300

const args = process.argv.slice(2)

const ending = new AbortController()
for (const [signal, exit] of [
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', EXIT.interrupted],
  ['SIGHUP', EXIT.interrupted],
] as const) {
  let firstMs: number | null = null
  process.on(signal, () => {
    if (firstMs !== null && Date.now() - firstMs > SAME_PRESS_MS) {
      if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR)
      process.exit(exit)
    }
    firstMs ??= Date.now()
    ending.abort(new CliError({ code: 'interrupted', exit, message: 'Interrupted' }))
  })
}

const stdout = outputTo(process.stdout)
const stderr = outputTo(process.stderr)

const world: World = {
  env: process.env,
  cwd: process.cwd(),
  platform: process.platform,
  hostName: hostname(),
  stdin: process.stdin,
  stdout,
  stderr,
  fetch: globalThis.fetch,
  now: () => Date.now(),
  random: (length) => new Uint8Array(randomBytes(length)),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
  signal: ending.signal,
  launch,
  run: (program, args) =>
    new Promise((resolve) => {
      const child = spawn(program, args, { stdio: 'ignore', windowsHide: true })
      child.once('error', () => resolve(null))
      child.once('exit', (code) => resolve(code ?? 1))
    }),
  home: homedir(),
}

const { COMMANDS } = await import('./table/commands.ts')
// Open sockets and timers of a transfer that was cut short must not hold the prompt.
process.exit(await runCli(args, COMMANDS, world))

function outputTo(stream: NodeJS.WriteStream): Output {
  // `bitvault ls | head`: whoever read has had enough, which is no failure of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed))
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      // 0 where the terminal does not know its size.
      return stream.columns || 80
    },
    get rows() {
      return stream.rows || 24
    },
    write: (chunk) =>
      new Promise((resolve) => {
        stream.write(chunk, () => resolve())
      }),
  }
}

function launch(program: string, args: string[], log?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const said = log === undefined ? null : openSync(log, 'a', 0o600)
    const child = spawn(program, args, {
      stdio: said === null ? 'ignore' : ['ignore', said, said],
      detached: true,
      windowsHide: true,
      ...(said !== null && { cwd: parse(process.cwd()).root }),
    })
    if (said !== null) closeSync(said)
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
