import { hash } from 'node:crypto'
import ignore, { type Ignore } from 'ignore'
import type { LocalPath } from './ports.ts'
import { BUILT_IN_RULES, isEmacsLock, mayBeBuiltIn } from './ignore-built-in.ts'

/** In the root; it is synced like any file, so the devices of a space have the same rules (SS-10). */
export const IGNORE_FILE = '.bitvaultignore'
export const IGNORE_MAX_BYTES = 256 * 1024

/** Counts how rules are understood, whatever they say. */
const VERSION = '1'

/** The library remembers every path that it was asked for: it is given a new memory after so many. */
const REMEMBERED = 4_096

export type IgnoreKind = 'file' | 'folder' | 'symlink' | 'special'

export type IgnoreRules = {
  /** What they were read from; equal texts are equal rules. */
  readonly text: string
  /** The same only of rules that leave out the same, by whatever version of this program. */
  readonly key: string
  /** Whether it, or a folder above it, is left out. What is asked for is never the root, nor our own folder. */
  isIgnored(path: LocalPath, kind: IgnoreKind): boolean
}

/**
 * Rules in the syntax of .gitignore, behind the built-in ones: a later line beats an earlier one.
 * @param text of the root's `.bitvaultignore`; '' when there is none
 */
export function ignoreRules(text: string, options: { isCaseSensitive: boolean }): IgnoreRules {
  const create = (): Ignore => ignore({ ignorecase: !options.isCaseSensitive })
  // The compiled rules are handed on to each new memory.
  const rules = create().add(BUILT_IN_RULES).add(text)
  const hasOwn = text.split('\n').some(isRule)
  let current = create().add(rules)
  let asked = 0
  return {
    text,
    key: hash('sha256', [VERSION, String(options.isCaseSensitive), BUILT_IN_RULES, text].join('\0'), 'base64'),
    isIgnored: (path, kind) => {
      if (!hasOwn && !mayBeBuiltIn(path)) return false
      if (isEmacsLock(path.slice(path.lastIndexOf('/') + 1), kind)) return true
      if (++asked > REMEMBERED) {
        current = create().add(rules)
        asked = 0
      }
      return current.ignores(kind === 'folder' ? `${path}/` : path)
    },
  }
}

/** Not blank, and no comment. */
const isRule = (line: string): boolean => line.trim() !== '' && !line.startsWith('#')
