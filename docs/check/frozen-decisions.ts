import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { isDecision, parseDecision, splitFrontMatter, SUPERSEDED } from './decisions.ts'
import type { MarkdownFile } from './markdown-files.ts'

const run = promisify(execFile)
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024

/**
 * Slips of the pen that were mended after the commit that accepted, each pinned by the SHA-256 of the body as it is to stay.
 * An entry is an exception that a reviewer sees; a change of mind is a new decision.
 */
const CORRECTED: ReadonlyMap<string, string> = new Map([
  // 23 seconds after it was accepted: a measured figure, "about 1.5 µs in workerd" became "1.5–2.5 µs".
  ['docs/adr/0012-own-small-tracer.md', '8682da82d3908243336184194140e6354574017e6f15c2fb779a21aa8ddc646e'],
])

/**
 * Accepted decisions whose body is not what it was in the commit that accepted them. A new decision supersedes an old one;
 * the old one gains one line that says so. Line breaks and where a link leads may change.
 * @returns `null` where there is no git history to ask
 */
export async function changedDecisions(root: string, files: readonly MarkdownFile[]): Promise<string[] | null> {
  if (!(await hasHistory(root))) return null
  const changed = await Promise.all(
    files.filter(isDecision).map(async ({ path, text }) => {
      const present = comparable(splitFrontMatter(text).body)
      if (CORRECTED.get(path) === sha256(present)) return null
      const accepted = await acceptedBody(root, path)
      if (accepted === null || comparable(accepted) === present) return null
      return `${path}: an accepted decision was changed; write a new one that supersedes it`
    }),
  )
  return changed.filter((problem) => problem !== null)
}

/** The body as it was when the file first said `status: accepted` in a commit; `null` when it never has. */
async function acceptedBody(root: string, path: string): Promise<string | null> {
  const commits = (await git(root, ['log', '--reverse', '--format=%H', '--', path])).split('\n').filter(Boolean)
  for (const commit of commits) {
    const text = await git(root, ['show', `${commit}:${path}`]).catch(() => null)
    if (text === null) continue
    const { status, body } = parseDecision({ path, text })
    if (status === 'accepted') return body
  }
  return null
}

const comparable = (body: string): string =>
  body
    .replace(SUPERSEDED, '')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/\s+/g, ' ')
    .trim()

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const hasHistory = (root: string): Promise<boolean> =>
  git(root, ['rev-parse', '--verify', 'HEAD']).then(
    () => true,
    () => false,
  )

async function git(root: string, args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: root, maxBuffer: MAX_OUTPUT_BYTES })
  return stdout
}
