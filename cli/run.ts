import type { Command } from './command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { toFailure, type Failure } from './failure.ts'
import { helpText } from './help.ts'
import { parseArguments } from './parse-arguments.ts'
import { paintFor } from './text/paint.ts'
import { escapeForTerminal } from './text/terminal-text.ts'
import { sayVersion } from './version.ts'
import type { World } from './world.ts'

const GO_ON = 'Run the same command again: it goes on where it was.'

/** Does what the command line says. Never throws: a failure is told to the person and becomes the exit code. */
export async function runCli(argv: readonly string[], commands: readonly Command[], world: World): Promise<ExitCode> {
  let isResumable = false
  try {
    const parsed = parseArguments(argv, commands)
    isResumable = parsed.do === 'run' && parsed.command.resumes === true
    if (parsed.do === 'version') return await sayVersion(parsed, world)
    if (parsed.do === 'run') return await parsed.command.run(parsed.call, world)
    await world.stdout.write(helpText(parsed.topic, commands))
    return EXIT.ok
  } catch (error) {
    // Whatever broke because of Ctrl-C, it was Ctrl-C.
    const cause = world.signal.aborted ? world.signal.reason : error
    const failure = toFailure(cause)
    if (failure.exit === EXIT.interrupted && isResumable) failure.next = GO_ON
    await tell(failure, cause, argv, world)
    return failure.exit
  }
}

async function tell(failure: Failure, error: unknown, argv: readonly string[], world: World): Promise<void> {
  const { stderr, env } = world
  // Read off the bare words: the command line itself may be what is wrong.
  if (argv.includes('--json')) await stderr.write(`${JSON.stringify({ error: failure.problem })}\n`)
  else {
    const paint = paintFor(stderr.isTerminal, env)
    const safe = (text: string): string =>
      stderr.isTerminal ? text.split('\n').map(escapeForTerminal).join('\n') : text
    const sentence = stderr.isTerminal ? escapeForTerminal(failure.sentence) : failure.sentence
    const next = failure.next === null ? '' : `\n${safe(failure.next)}`
    await stderr.write(`${paint('red', 'bitvault:')} ${sentence} ${paint('dim', `[${failure.code}]`)}${next}\n`)
  }
  if (argv.includes('--debug')) await stderr.write(`${describeChain(error)}\n`)
}

/** The stack of the error and of its causes. */
function describeChain(error: unknown): string {
  const lines: string[] = []
  for (
    let at = error, depth = 0;
    at !== undefined && depth < 6;
    at = at instanceof Error ? at.cause : undefined, depth++
  )
    lines.push((depth === 0 ? '' : 'caused by ') + (at instanceof Error ? (at.stack ?? at.message) : String(at)))
  return lines.join('\n')
}
