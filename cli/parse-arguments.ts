import { parseArgs } from 'node:util'
import { GLOBAL_OPTIONS, type Call, type Command, type OptionSpec, type OptionSpecs } from './command.ts'
import { usageError } from './failure.ts'
import { nearest } from './text/nearest.ts'

export type Parsed =
  | { do: 'run'; command: Command; call: Call }
  | { do: 'help'; topic: string[] }
  | { do: 'version'; json: boolean }

/**
 * What `argv` (without node and script) asks for. Options may stand before the command too.
 * Throws a usage error that names what is wrong and what may have been meant.
 */
export function parseArguments(argv: readonly string[], commands: readonly Command[]): Parsed {
  const { words, rest } = splitCommand(argv, commands)
  if (words.length === 0) return parseBare(argv)
  const command = commands.find((candidate) => candidate.name === words.join(' '))
  if (command === undefined) {
    if (wantsHelp(rest)) return { do: 'help', topic: words }
    throw unknownCommand(words, rest, commands)
  }
  const { values, positionals } = parseOptions(command, rest)
  if (values['help'] === true) return { do: 'help', topic: words }
  checkCount(command, positionals.length)
  return { do: 'run', command, call: { args: positionals, options: values as Call['options'] } }
}

/** `bitvault`, `bitvault --help`, `bitvault --version`. */
function parseBare(argv: readonly string[]): Parsed {
  const { values } = parseOptions({ name: '', options: { version: { type: 'flag', doc: '' } } }, argv)
  return values['version'] === true ? { do: 'version', json: values['json'] === true } : { do: 'help', topic: [] }
}

const wantsHelp = (rest: readonly string[]) => rest.includes('--help') || rest.includes('-h')

/** Finds the one or two words of the command's name, stepping over options that stand before them. */
function splitCommand(argv: readonly string[], commands: readonly Command[]) {
  const before: string[] = []
  let at = 0
  for (; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (!word.startsWith('-')) break
    before.push(word)
    const spec = findOption(GLOBAL_OPTIONS, word)
    if (spec !== undefined && spec.type !== 'flag' && !word.includes('=')) before.push(argv[++at] ?? '')
  }
  const first = argv[at]
  if (first === undefined) return { words: [], rest: before }
  const second = argv[at + 1]
  const isSecond = second !== undefined && !second.startsWith('-') && isSecondWord(first, second, commands)
  const words = isSecond ? [first, second] : [first]
  return { words, rest: [...before, ...argv.slice(at + words.length)] }
}

/** `token create`; of a group whose first word is a command too (`trash`, `trash empty`), any other word is an argument. */
function isSecondWord(first: string, second: string, commands: readonly Command[]): boolean {
  const inGroup = commands.filter((command) => command.name.startsWith(`${first} `))
  const isAlsoCommand = commands.some((command) => command.name === first)
  return isAlsoCommand ? inGroup.some((command) => command.name === `${first} ${second}`) : inGroup.length > 0
}

const findOption = (specs: OptionSpecs, word: string): OptionSpec | undefined =>
  word.startsWith('--')
    ? specs[word.slice(2).split('=')[0] ?? '']
    : Object.values(specs).find((spec) => spec.short !== undefined && word.endsWith(spec.short))

function parseOptions(command: Pick<Command, 'name' | 'options'>, args: readonly string[]) {
  const specs: OptionSpecs = { ...GLOBAL_OPTIONS, ...command.options }
  const values: Record<string, string | boolean | number | string[] | undefined> = {}
  for (const [name, { type }] of Object.entries(specs)) {
    if (type === 'flag') values[name] = false
    if (type === 'list') values[name] = []
  }
  const parsed = parseLeniently(args, specs)
  for (const token of parsed.tokens) {
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined
    if (spec === undefined) throw unknownOption(token.rawName, command.name, specs)
    // `--server --json`: the value was forgotten.
    const isForgotten = token.inlineValue === false && token.value.startsWith('--')
    const value = optionValue(token.rawName, isForgotten ? undefined : token.value, spec)
    const earlier = values[token.name]
    values[token.name] = Array.isArray(earlier) ? [...earlier, String(value)] : value
  }
  return { values, positionals: parsed.positionals }
}

/** `strict: false`, so that the messages are ours. */
function parseLeniently(args: readonly string[], specs: OptionSpecs) {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short }]) => [
      name,
      { type: type === 'flag' ? ('boolean' as const) : ('string' as const), ...(short === undefined ? {} : { short }) },
    ]),
  )
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
}

function optionValue(rawName: string, value: string | undefined, spec: OptionSpec): string | boolean | number {
  if (spec.type === 'flag') {
    if (value !== undefined) throw usageError(`${rawName} takes no value`)
    return true
  }
  if (value === undefined || value === '')
    throw usageError(`${rawName} needs a value: ${rawName} ${spec.value ?? 'value'}`)
  if (spec.type === 'text' || spec.type === 'list') return value
  const count = Number(value)
  if (!/^\d{1,15}$/.test(value) || count === 0)
    throw usageError(`${rawName} needs a whole number from 1, not “${value}”`)
  return count
}

function unknownOption(rawName: string, command: string, specs: OptionSpecs) {
  const meant = rawName.startsWith('--') ? nearest(rawName.slice(2), Object.keys(specs)) : null
  const hint = meant === null ? `see bitvault ${command === '' ? '' : `${command} `}--help` : `did you mean --${meant}?`
  return usageError(`there is no option ${rawName}: ${hint}`)
}

function unknownCommand(words: readonly string[], rest: readonly string[], commands: readonly Command[]) {
  const inGroup = commands.filter((command) => command.name.startsWith(`${words[0]} `))
  if (inGroup.length > 0) {
    const choices = inGroup.map((command) => command.name).join(', ')
    const said = words.length > 1 ? `there is no command ${words.join(' ')}` : `${words[0]} needs one word more`
    return usageError(`${said}: ${choices}`)
  }
  const typed = words[0] ?? rest[0] ?? ''
  const meant = nearest(typed, [...new Set(commands.map((command) => command.name.split(' ')[0] ?? ''))])
  return usageError(
    `there is no command ${typed}: ${meant === null ? 'bitvault --help lists them' : `did you mean bitvault ${meant}?`}`,
  )
}

function checkCount(command: Command, count: number): void {
  const { min, max } = command.args
  if (count >= min && count <= max) return
  const what = count < min ? 'something is missing' : 'that is too much'
  throw usageError(`${what}; it goes: bitvault ${command.name} ${command.usage}`.trimEnd())
}
