import { GLOBAL_OPTIONS, type Command, type OptionSpecs } from './command.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]
export const isShell = (text: string): text is Shell => (SHELLS as readonly string[]).includes(text)

/** A script for the shell, made from the table; it asks no server, so that a key press costs nothing. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  if (shell === 'fish') return fish(commands)
  // zsh reads the same functions through its bash emulation.
  const head =
    shell === 'zsh' ? 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n' : ''
  return head + bash(commands)
}

const firstWords = (commands: readonly Command[]): string[] => [
  ...new Set(commands.map((command) => command.name.split(' ')[0] ?? '')),
]

const secondWords = (first: string, commands: readonly Command[]): string[] =>
  commands.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []))

function optionWords({ options }: Command): string[] {
  const all: OptionSpecs = { ...options, ...GLOBAL_OPTIONS }
  return Object.entries(all).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  )
}

/** What may stand where an argument stands. */
function argumentWords(command: Command, commands: readonly Command[]): string[] {
  if (command.completes === 'shell') return [...SHELLS]
  if (command.words !== undefined) return [...command.words]
  return command.completes === 'command' ? firstWords(commands) : []
}

function bash(commands: readonly Command[]): string {
  const groups = firstWords(commands).filter((first) => secondWords(first, commands).length > 0)
  const cases = commands.map((command) => {
    const words = [...argumentWords(command, commands), ...optionWords(command)].join(' ')
    return `    '${command.name}') words='${words}' files=${command.completes === 'local' || command.completes === 'remote' ? 1 : 0} ;;`
  })
  return `_bitvault() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" first=2 words='' files=0
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${firstWords(commands).join(' ')} --help --version' -- "$current"))
    return
  fi
  case "$command" in
${groups.map((group) => bashGroup(group, commands)).join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY+=($(compgen -W "$words" -- "$current"))
  if [ "$files" -eq 1 ]; then
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -F _bitvault bitvault
`
}

/** The second word; of a group whose first word is a command too, it may also be an argument of that. */
function bashGroup(group: string, commands: readonly Command[]): string {
  const seconds = secondWords(group, commands)
  const offer = `COMPREPLY=($(compgen -W '${seconds.join(' ')}' -- "$current"))`
  if (!commands.some(({ name }) => name === group))
    return `    ${group}) if [ "$COMP_CWORD" -eq 2 ]; then ${offer}; return; fi; command="$command \${COMP_WORDS[2]}" ;;`
  return `    ${group}) if [ "$COMP_CWORD" -eq 2 ]; then ${offer}; fi
      case "\${COMP_WORDS[2]}" in ${seconds.join('|')}) if [ "$COMP_CWORD" -gt 2 ]; then command="$command \${COMP_WORDS[2]}"; fi ;; esac ;;`
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function fish(commands: readonly Command[]): string {
  const lines = ['complete -c bitvault -f']
  for (const first of firstWords(commands)) {
    const only = commands.find((command) => command.name === first)
    const about = only?.summary ?? secondWords(first, commands).join(', ')
    lines.push(`complete -c bitvault -n __fish_use_subcommand -a ${first} -d ${quoted(about)}`)
  }
  for (const command of commands) lines.push(...fishCommand(command, commands))
  for (const [name, { short, doc, type }] of Object.entries(GLOBAL_OPTIONS as OptionSpecs))
    lines.push(
      `complete -c bitvault -l ${name}${short === undefined ? '' : ` -s ${short}`}${type === 'flag' ? '' : ' -x'} -d ${quoted(doc)}`,
    )
  return `${lines.join('\n')}\n`
}

function fishCommand(command: Command, commands: readonly Command[]): string[] {
  const [first = '', second] = command.name.split(' ')
  const isHere = `__fish_seen_subcommand_from ${first}`
  const condition = quoted(second === undefined ? isHere : `${isHere}; and __fish_seen_subcommand_from ${second}`)
  const lines: string[] = []
  if (second !== undefined) {
    const others = secondWords(first, commands).join(' ')
    const open = quoted(`${isHere}; and not __fish_seen_subcommand_from ${others}`)
    lines.push(`complete -c bitvault -n ${open} -a ${second} -d ${quoted(command.summary)}`)
  }
  const words = argumentWords(command, commands)
  if (words.length > 0) lines.push(`complete -c bitvault -n ${condition} -a ${quoted(words.join(' '))}`)
  if (command.completes === 'local' || command.completes === 'remote')
    lines.push(`complete -c bitvault -n ${condition} -F`)
  for (const [name, { short, doc, type }] of Object.entries(command.options))
    lines.push(
      `complete -c bitvault -n ${condition} -l ${name}${short === undefined ? '' : ` -s ${short}`}${type === 'flag' ? '' : ' -x'} -d ${quoted(doc)}`,
    )
  return lines
}
