import { paintFor } from '../cli/text/paint.ts'
import type { Output } from '../cli/world.ts'
import { explainFailure } from '../embedded/failure.ts'
import { DidNotHappen } from './until.ts'
import { jsonView, textView, type View } from './view.ts'

/** `npm run demo`. Exit code 0 when all happened, 1 when something did not, 2 for a wrong option, 130 after Ctrl-C. */
const HELP = `npm run demo [-- --json]

Starts a server and two devices on this machine, and shows how they keep a folder in step: edits, a renamed folder, one byte of a large file,
a conflict, the trash, a delete of too much. All is real, in a temporary folder, and is removed at the end. Ctrl-C ends it at any time.

  --json    print each event as a line of JSON
  --help    print this
`
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((word) => word !== '--json' && word !== '--help')
  if (unknown !== undefined) process.stderr.write(`There is no option ${unknown}.\n\n${HELP}`)
  if (unknown !== undefined) return EXIT.usage
  if (args.includes('--help')) process.stdout.write(HELP)
  if (args.includes('--help')) return EXIT.ok
  const stopping = new AbortController()
  // A terminal and npm both send it, and people press twice: once is enough.
  for (const name of STOP_SIGNALS) process.on(name, () => stopping.abort())
  const view = viewFor(args)
  try {
    const { play } = await import('./play.ts')
    await play(view.take, stopping.signal)
    return EXIT.ok
  } catch (error) {
    view.take({ event: 'end', ok: false, error: stopping.signal.aborted ? 'Interrupted.' : sentenceOf(error) })
    return stopping.signal.aborted ? EXIT.interrupted : EXIT.failed
  } finally {
    await view.close()
  }
}

function viewFor(args: readonly string[]): View {
  const { stdout, env } = process
  const output: Output = {
    isTerminal: stdout.isTTY,
    get columns() {
      return stdout.columns || 80
    },
    get rows() {
      return stdout.rows || 24
    },
    write: (chunk) => new Promise((resolve) => void stdout.write(chunk, () => resolve())),
  }
  if (args.includes('--json')) return jsonView(output)
  const isLive = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return textView(output, paintFor(stdout.isTTY, env), isLive)
}

function sentenceOf(error: unknown): string {
  if (error instanceof DidNotHappen) return `${error.message}.`
  const { message, advice } = explainFailure(error)
  return `${message} ${advice}`
}

process.exit(await main(process.argv.slice(2)))
