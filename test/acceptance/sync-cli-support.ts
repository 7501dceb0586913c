import type { ChildProcess } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'
import { OWN_FOLDER } from '../../client/sync/own-folder.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openCli, setUp, signInByDevice, type Cli, type CliRun } from './cli-support.ts'

/** One person with computers: each has a home, a sign-in, and processes of its own. */
export type SyncWorld = { stack: Stack; computer(): Promise<Computer>; end(): Promise<void> }

export async function openSyncWorld(): Promise<SyncWorld> {
  const stack = await testStack()
  await setUp(stack.url, stack.setupToken)
  const computers: Computer[] = []
  return {
    stack,
    computer: async () => {
      const computer = new Computer(await openCli(await temporaryFolder(), stack.url), stack)
      computers.push(computer)
      expect(await computer.signIn()).toMatchObject({ exit: 0 })
      return computer
    },
    end: async () => {
      await Promise.all(computers.map((computer) => computer.end()))
      await stack.stop()
    },
  }
}

/** The machine may be busy. */
export const WITHIN = { timeout: 40_000, interval: 100 }

export class Computer {
  readonly cli: Cli
  readonly #stack: Stack
  readonly #running = new Set<ChildProcess>()

  constructor(cli: Cli, stack: Stack) {
    this.cli = cli
    this.#stack = stack
  }

  signIn = (): Promise<CliRun> => signInByDevice(this.cli, this.#stack.url)

  at = (...parts: string[]): string => join(this.cli.cwd, ...parts)

  /** A file of this text, in folders that are made. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(join(this.at(path), '..'), { recursive: true })
    await writeFile(this.at(path), text)
  }

  /** What a person sees in a folder: each file with its text. */
  async tree(folder: string): Promise<Record<string, string>> {
    const names = await readdir(this.at(folder), { recursive: true, withFileTypes: true })
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const found = await Promise.all(
      files
        .map((path) => [path.slice(this.at(folder).length + 1), path] as const)
        .filter(([name]) => !name.startsWith(OWN_FOLDER + '/'))
        .map(async ([name, path]) => [name, await readFile(path, 'utf8')] as const),
    )
    return Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Runs it, and expects this exit code. @returns what it said */
  async run(args: readonly string[], exit = 0): Promise<CliRun> {
    const run = await this.cli(args)
    expect(run, `bitvault ${args.join(' ')}`).toMatchObject({ exit })
    return run
  }

  /** A round of a folder on which nobody works, to bring over what is there and what is here. */
  sync = (...args: string[]): Promise<CliRun> => this.run(['sync', '--once', ...args])

  ok = async (...args: string[]): Promise<string> => (await this.run(args)).out

  json = async <T = Record<string, unknown>>(...args: string[]): Promise<T> =>
    JSON.parse(await this.ok(...args, '--json')) as T

  /** How a link fares. */
  async status(folder: string): Promise<LinkStatus> {
    const { exit, out, err } = await this.cli.here(['sync', 'status', folder, '--json'])
    expect(exit, err).toBe(0)
    return (JSON.parse(out) as { links: LinkStatus[] }).links[0]!
  }

  /** Until a link fares like this: `up-to-date`, `paused brake`. */
  until = (folder: string, state: string) =>
    expect
      .poll(async () => {
        const now = await this.status(folder)
        return [now.state, now.reason].filter(Boolean).join(' ')
      }, WITHIN)
      .toBe(state)

  /** A process that goes on; `events` are the lines that it has said. */
  start(...args: string[]): Running {
    const started = this.cli.start([...args, '--json'])
    this.#running.add(started.child)
    started.child.once('close', () => this.#running.delete(started.child))
    return new Running(started)
  }

  async end(): Promise<void> {
    await this.cli(['sync', 'stop']).catch(() => {})
    for (const child of this.#running) child.kill('SIGKILL')
  }
}

type Said = Record<string, unknown> & { event: string }

export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<CliRun>
  readonly events: Said[] = []
  #rest = ''

  constructor({ child, ended }: { child: ChildProcess; ended: Promise<CliRun> }) {
    this.child = child
    this.ended = ended
    ended.catch(() => {})
    child.stdout?.on('data', (bytes: Buffer) => {
      const lines = (this.#rest + bytes.toString()).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.events.push(JSON.parse(line) as Said)
    })
  }

  get state(): string {
    const told = this.events.findLast(({ event }) => event === 'state' || event === 'status')
    return [told?.['state'], told?.['reason']].filter(Boolean).join(' ')
  }

  until = (state: string) => expect.poll(() => this.state, WITHIN).toBe(state)

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<CliRun> {
    this.child.kill(signal)
    return this.ended
  }
}
