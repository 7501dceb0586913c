import { textOfBase64 } from '../base64-text.ts'
import { AppError } from '../errors.ts'
import type { WriteFile } from './model.ts'

/**
 * Where a symlink points: its inline content, as text. Never followed by the server, so it may point anywhere (LK-02).
 * @returns `null` for a file
 * @throws invalid-request
 */
export function linkTargetOf({ nodeKind, content }: WriteFile): string | null {
  if (nodeKind !== 'symlink') return null
  if (content.held !== 'inline') throw bad('a symlink holds its target inline')
  const target = textOfBase64(content.inline)
  if (target === null) throw bad('the target of a symlink is text in UTF-8')
  if (target === '') throw bad('a symlink points somewhere')
  if (target.includes('\0')) throw bad('the target of a symlink holds no NUL')
  return target
}

const bad = (detail: string): AppError => new AppError('invalid-request', { field: 'content/inline', detail })
