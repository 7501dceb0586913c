import { usageError } from './failure.ts'
import { paintFor } from './text/paint.ts'
import type { World } from './world.ts'

const ANSWER_MAX_CHARS = 1_000

/** A question that only `y` or `yes` affirms. @throws CliError `usage` when nobody is there to answer */
export async function ask(world: World, question: string): Promise<boolean> {
  const { stderr, stdin, env } = world
  await stderr.write(`${paintFor(stderr.isTerminal, env)('bold', question)} [y/N] `)
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of stdin) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes('\n') || text.length > ANSWER_MAX_CHARS) break
  }
  // On a terminal the answer ended the line.
  if (text === '' || !stderr.isTerminal) await stderr.write('\n')
  if (text === '') {
    throw usageError('nobody answered: with --yes it asks no question')
  }
  return /^\s*y(es)?\s*$/i.test(text.split('\n')[0] ?? '')
}
