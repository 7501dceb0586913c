import { GLOBAL_OPTIONS, type Command, type OptionSpecs } from './command.ts'
import { EXIT_MEANINGS, EXIT_NAMES } from './exit-codes.ts'
import { usageError } from './failure.ts'
import { alignColumns } from './text/table.ts'
import { wrapText } from './text/wrap.ts'

const WIDTH = 80

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['BITVAULT_SERVER', 'the server to use when --server is not given'],
  ['BITVAULT_TOKEN', 'an API token (bvt_…) for machines: used in place of a login, never written to disk'],
  [
    'XDG_CONFIG_HOME, XDG_STATE_HOME',
    'where sign-ins and links, and what goes with them, are kept (~/.config, ~/.local/state)',
  ],
  ['XDG_CACHE_HOME', 'where the program keeps itself compiled (~/.cache)'],
  ['XDG_RUNTIME_DIR', 'where the sockets of sync are; otherwise the folder for temporary files'],
  ['NO_COLOR', 'when set, no colours'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'a collector that gets the trace of every command'],
]

/** The text of `bitvault help topic`. Throws a usage error for a topic that does not exist. */
export function helpText(topic: readonly string[], commands: readonly Command[]): string {
  if (topic.length === 0) return overview(commands)
  const name = topic.join(' ')
  const command = commands.find((candidate) => candidate.name === name)
  const group = commands.filter((candidate) => candidate.name.startsWith(`${name} `))
  if (command !== undefined) return commandHelp(command, group)
  if (group.length === 0) throw usageError(`there is no command ${name}: bitvault --help lists them`)
  return `${[`bitvault ${name}: one of`, '', ...summaries(group), '', `More: bitvault ${name} <word> --help`].join('\n')}\n`
}

function overview(commands: readonly Command[]): string {
  return lines([
    'bitvault: your files on a BitVault server.',
    '',
    'First steps:',
    ...examples([
      ['bitvault login --server https://vault.example', 'in the browser'],
      ['bitvault put report.pdf home/work/', 'a file, into a folder'],
      ['bitvault put photos home/', 'a folder, as home/photos'],
      ['bitvault ls -l home/work', 'what is there'],
      ['bitvault get -r home/photos .', 'and back again'],
      ['bitvault sync ~/Documents home/documents', 'keep a folder in step'],
    ]),
    '',
    'A path is space/folder/file; home is your own space. A slash at the end means:',
    'into this folder.',
    '',
    ...sections(commands),
    'For every command:',
    ...optionLines(GLOBAL_OPTIONS),
    '',
    'Exit codes:',
    ...definitions(EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning])),
    '',
    'Environment:',
    ...definitions(ENVIRONMENT),
    '',
    'More: bitvault <command> --help',
  ])
}

/** @param group the commands of two words that begin with this one */
function commandHelp(command: Command, group: readonly Command[]): string {
  const own = optionLines(command.options)
  const paragraphs = command.about.split('\n\n').flatMap((paragraph) => wrapText(paragraph, WIDTH).concat(''))
  const codes = EXIT_NAMES.map(([code, name]) => `${code} ${name}`).join(' · ')
  return lines([
    `bitvault ${command.name}: ${command.summary}`,
    '',
    ...examples(command.examples),
    '',
    `Usage: bitvault ${command.name} ${command.usage}`.trimEnd(),
    '',
    ...paragraphs,
    ...(group.length === 0 ? [] : ['Also:', ...summaries(group), '']),
    ...(own.length === 0 ? [] : ['Options:', ...own, '']),
    'For every command:',
    ...optionLines(GLOBAL_OPTIONS),
    '',
    ...wrapText(`Exit codes: ${codes}`, WIDTH),
  ])
}

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`

const summaries = (commands: readonly Command[]): string[] =>
  definitions(commands.map((command) => [command.name, command.summary]))

/** Under their headings, with one column for all. */
function sections(commands: readonly Command[]): string[] {
  const all = summaries(commands)
  const headings = commands.map((command) => command.section ?? 'Commands')
  return [...new Set(headings)].flatMap((heading) => [
    `${heading}:`,
    ...all.filter((_, at) => headings[at] === heading),
    '',
  ])
}

/** Side by side where that fits, otherwise the explanation above its command. */
function examples(all: readonly (readonly [string, string])[]): string[] {
  const rows = all.map(([command, what]) => [`  ${command}`, what === '' ? '' : `# ${what}`])
  const beside = alignColumns(rows, ['left', 'left'])
  return beside.every((line) => line.length <= WIDTH)
    ? beside
    : rows.flatMap(([command = '', what]) => [`  ${what}`, command])
}

const optionLines = (options: OptionSpecs): string[] =>
  definitions(
    Object.entries(options).map(([name, { short, value, doc }]) => [
      `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
      doc,
    ]),
  )

/** Terms in a column, explanations wrapped beside them; a term too long for the column gets a line of its own. */
function definitions(all: readonly (readonly [string, string])[]): string[] {
  const column = Math.min(24, Math.max(0, ...all.map(([term]) => term.length)))
  return all.flatMap(([term, meaning]) => {
    const [first = '', ...rest] = wrapText(meaning, WIDTH - column - 4)
    const indent = ' '.repeat(column + 4)
    const head = term.length > column ? [`  ${term}`, indent + first] : [`  ${term.padEnd(column)}  ${first}`]
    return [...head, ...rest.map((line) => indent + line)]
  })
}
