import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const SKIPPED = new Set(['node_modules', 'dist'])
const MAX_DEPTH = 12

export type MarkdownFile = {
  /** From the root of the project, with `/`. */
  path: string
  text: string
}

/** Every .md of the project. Folders that begin with a dot, and what is installed or built, are not ours. */
export async function markdownFiles(root: string, folder = '', depth = 0): Promise<MarkdownFile[]> {
  if (depth > MAX_DEPTH) return []
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry): Promise<MarkdownFile[]> => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) return []
      if (entry.isDirectory()) return markdownFiles(root, path, depth + 1)
      return entry.name.endsWith('.md') ? [{ path, text: await readFile(join(root, path), 'utf8') }] : []
    }),
  )
  return found.flat().toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** The text without fenced blocks, whose content is no Markdown. Lines keep their numbers. */
export const withoutFences = (text: string): string =>
  text.replace(/^( *)(`{3,})[^\n]*\n[\s\S]*?^\1\2 *$/gm, (block) => block.replace(/[^\n]/g, ''))
