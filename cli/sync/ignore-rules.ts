import { randomBytes } from 'node:crypto'
import { mkdir, opendir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OWN_FOLDER } from '../../client/sync/own-folder.ts'
import {
  IGNORE_FILE,
  IGNORE_MAX_BYTES,
  ignoreRules,
  type IgnoreKind,
  type IgnoreRules,
} from '../../client/sync/ignore.ts'
import { openDisk } from '../../client/node/sync/disk/open-disk.ts'
import { AppError } from '../../core/errors.ts'
import { usageError } from '../failure.ts'

/** The rules of a root, as a text; '' when there are none. */
export async function readIgnoreFile(root: string): Promise<string> {
  try {
    return await readFile(join(root, IGNORE_FILE), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** In one step: whoever reads it meanwhile reads the old one. */
export async function writeIgnoreFile(root: string, text: string): Promise<void> {
  if (Buffer.byteLength(text) > IGNORE_MAX_BYTES)
    throw new AppError('too-large', { detail: `${IGNORE_FILE} holds at most ${IGNORE_MAX_BYTES} bytes` })
  const folder = join(root, OWN_FOLDER, 'tmp')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const temporary = join(folder, `ignore-${randomBytes(4).toString('hex')}`)
  try {
    await writeFile(temporary, text)
    await rename(temporary, join(root, IGNORE_FILE))
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Its rules, one a line: without comments and empty lines. */
export const rulesIn = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('#'))

/** @throws CliError `usage` */
export function checkPattern(pattern: string): void {
  if (pattern.trim() === '') throw usageError('a pattern is not empty')
  if (/[\r\n\0]/.test(pattern)) throw usageError('a pattern is one line')
  if (pattern.startsWith('#')) throw usageError(`“${pattern}” would be a comment: begin it with \\#`)
}

export function withRules(text: string, patterns: readonly string[]): string {
  const present = new Set(rulesIn(text))
  const added = patterns.filter((pattern) => !present.has(pattern))
  if (added.length === 0) return text
  const head = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return `${head}${added.join('\n')}\n`
}

export function withoutRules(text: string, patterns: readonly string[]): string {
  const gone = new Set(patterns)
  return text
    .split(/(?<=\n)/)
    .filter((line) => !gone.has(line.trimEnd()))
    .join('')
}

export type Effect = { path: string; kind: IgnoreKind }

/**
 * What one set of rules leaves out and another does not, as it is on the disk: a folder stands for all that is in it.
 * @param from what they leave out is not looked into
 */
export async function* newlyIgnored(root: string, from: string, to: string): AsyncGenerator<Effect> {
  const { isCaseSensitive } = abilitiesOf(root)
  const [before, after] = [ignoreRules(from, { isCaseSensitive }), ignoreRules(to, { isCaseSensitive })]
  yield* look(root, '', { before, after })
}

function abilitiesOf(root: string): { isCaseSensitive: boolean } {
  const disk = openDisk(root)
  try {
    return disk.abilities
  } finally {
    disk.close()
  }
}

async function* look(
  root: string,
  folder: string,
  rules: { before: IgnoreRules; after: IgnoreRules },
): AsyncGenerator<Effect> {
  const folders: string[] = []
  for await (const entry of await opendir(join(root, folder))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (path === OWN_FOLDER) continue
    const kind = entry.isDirectory()
      ? 'folder'
      : entry.isSymbolicLink()
        ? 'symlink'
        : entry.isFile()
          ? 'file'
          : 'special'
    if (rules.before.isIgnored(path, kind)) continue
    if (rules.after.isIgnored(path, kind)) yield { path, kind }
    else if (kind === 'folder') folders.push(path)
  }
  for (const path of folders) yield* look(root, path, rules)
}
