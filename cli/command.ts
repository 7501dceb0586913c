import type { ExitCode } from './exit-codes.ts'
import type { World } from './world.ts'

/** One option, as the parser, `--help` and the shell completion take it. */
export type OptionSpec = {
  /** `list`: may be given several times. */
  type: 'flag' | 'text' | 'count' | 'list'
  short?: string
  /** What stands for the value in help: `URL`, `n`. */
  value?: string
  doc: string
}

export type OptionSpecs = Record<string, OptionSpec>

type ValueOf<O extends OptionSpec> = O['type'] extends 'flag'
  ? boolean
  : O['type'] extends 'count'
    ? number | undefined
    : O['type'] extends 'list'
      ? string[]
      : string | undefined

export type OptionValues<S extends OptionSpecs> = { [K in keyof S]: ValueOf<S[K]> }

/** A command line that was understood. */
export type Call<O = Record<string, unknown>> = { args: string[]; options: O & GlobalOptions }

export type CommandText = {
  /** `put`, or `token create`. */
  name: string
  /** One line of the overview. */
  summary: string
  /** After the name: `<file|folder>… <destination>`. */
  usage: string
  /** What it does, in paragraphs. */
  about: string
  examples: readonly (readonly [command: string, what: string])[]
  /** How many arguments it takes. */
  args: { min: number; max: number }
  /** Run again after it was cut short, it goes on where it was. */
  resumes?: boolean
  /** The heading of the overview that it stands under. */
  section?: string
  /** What the first argument may be, for shell completion. */
  words?: readonly string[]
  /** What an argument names, for shell completion. */
  completes?: 'local' | 'remote' | 'command' | 'shell'
}

export type Command = CommandText & {
  options: OptionSpecs
  run(call: Call, world: World): Promise<ExitCode>
}

/** Ties the types of a command's options to its `run`; the table then holds it as a plain `Command`. */
export const defineCommand = <const S extends OptionSpecs>(
  command: CommandText & { options: S; run(call: Call<OptionValues<S>>, world: World): Promise<ExitCode> },
): Command => command as unknown as Command

/** Understood by every command. */
export const GLOBAL_OPTIONS = {
  server: {
    type: 'text',
    value: 'URL',
    doc: 'which server; otherwise BITVAULT_SERVER, otherwise the last one signed in to',
  },
  json: { type: 'flag', doc: 'results as JSON on standard output, errors as {"error": …} on standard error' },
  quiet: { type: 'flag', short: 'q', doc: 'results and errors only: no progress, no confirmations' },
  debug: { type: 'flag', doc: 'with an error, show where it came from' },
  help: { type: 'flag', short: 'h', doc: 'this text' },
} as const satisfies OptionSpecs

export type GlobalOptions = OptionValues<typeof GLOBAL_OPTIONS>
