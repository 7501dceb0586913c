import type { GlobalOptions } from './command.ts'
import { paintFor, plain, type Paint } from './text/paint.ts'
import { escapeForTerminal } from './text/terminal-text.ts'
import type { World } from './world.ts'

/** What a command says, and where: results on standard output, everything else on standard error. */
export type Say = {
  /** Results for a person; not with `--json`. */
  lines(lines: readonly string[]): Promise<void>
  /** A confirmation such as "Signed in"; not with `--json` or `--quiet`. */
  done(line: string): Promise<void>
  /** A remark on the way, on standard error; not with `--json` or `--quiet`. */
  note(line: string): Promise<void>
  /** Something that failed while the command goes on, on standard error; not with `--json`. */
  trouble(line: string): Promise<void>
  /** One JSON document, or one line of a stream of them; only with `--json`. */
  json(value: unknown): Promise<void>
  /** A name as it may be shown: as it is into a pipe, made harmless on a terminal. */
  name(text: string): string
  /** As `name`, for standard error. */
  nameInNote(text: string): string
  paint: Paint
  paintNote: Paint
  isJson: boolean
  isQuiet: boolean
}

export function sayTo(world: World, options: Pick<GlobalOptions, 'json' | 'quiet'>): Say {
  const { stdout, stderr, env } = world
  const { json: isJson, quiet: isQuiet } = options
  const write = async (lines: readonly string[]) => {
    if (lines.length > 0) await stdout.write(`${lines.join('\n')}\n`)
  }
  return {
    isJson,
    isQuiet,
    lines: async (lines) => (isJson ? undefined : write(lines)),
    done: async (line) => (isJson || isQuiet ? undefined : write([line])),
    note: async (line) => (isJson || isQuiet ? undefined : stderr.write(`${line}\n`)),
    trouble: async (line) => (isJson ? undefined : stderr.write(`${line}\n`)),
    json: async (value) => (isJson ? stdout.write(`${JSON.stringify(value)}\n`) : undefined),
    name: (text) => (stdout.isTerminal ? escapeForTerminal(text) : text),
    nameInNote: (text) => (stderr.isTerminal ? escapeForTerminal(text) : text),
    paint: isJson ? plain : paintFor(stdout.isTerminal, env),
    paintNote: isJson ? plain : paintFor(stderr.isTerminal, env),
  }
}
