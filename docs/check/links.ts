import { stat } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { withoutFences, type MarkdownFile } from './markdown-files.ts'

const LINK = /\[[^\]]*\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(?:\s+"[^"]*")?\)/g
const ELSEWHERE = /^[a-z][a-z+.-]*:/i
const CODE = /`[^`\n]*`/g
/** A path as our texts write it: `core/names.ts`. Patterns and folders are not looked at. */
const CODE_PATH = /`([a-z][\w-]*\/[\w./-]+\.(?:ts|js|md|sql|capnp|toml|json))`/g

/** Relative links that lead nowhere: no such file, or no such heading. @returns one sentence each */
export async function brokenLinks(root: string, files: readonly MarkdownFile[]): Promise<string[]> {
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const found = await Promise.all(
    files.flatMap(({ path, text }) =>
      targetsOf(text).map(async (target): Promise<string | null> => {
        const [file = '', heading] = target.split('#')
        const linked = file === '' ? path : posix.normalize(posix.join(dirname(path), decodeURI(file)))
        if (!(await exists(join(root, linked)))) return `${path}: the link ${target} leads to no file`
        const linkedText = texts.get(linked)
        if (heading === undefined || linkedText === undefined || anchorsOf(linkedText).has(heading)) return null
        return `${path}: ${linked} has no heading #${heading}`
      }),
    ),
  )
  return found.filter((problem) => problem !== null)
}

/**
 * Files of the project that a text names in code quotes and that are not there. Decisions are exempt: they tell of their day.
 */
export async function missingPaths(root: string, files: readonly MarkdownFile[]): Promise<string[]> {
  const living = files.filter(({ path }) => !path.startsWith('docs/adr/'))
  const found = await Promise.all(
    living.flatMap(({ path, text }) =>
      [...new Set([...withoutFences(text).matchAll(CODE_PATH)].map((match) => match[1]!))].map(async (named) =>
        (await exists(join(root, named))) ? null : `${path}: there is no ${named}`,
      ),
    ),
  )
  return found.filter((problem) => problem !== null)
}

const targetsOf = (text: string): string[] =>
  [...withoutFences(text).replace(CODE, '').matchAll(LINK)]
    .map((match) => match[1]!)
    .filter((target) => !ELSEWHERE.test(target))

/** Headings as GitHub names them: lower case, punctuation gone, spaces to dashes, a number on repetition. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, title = ''] of withoutFences(text).matchAll(/^#{1,6} +(.+?) *#* *$/gm)) {
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const base = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    let anchor = base
    for (let again = 1; anchors.has(anchor); again++) anchor = `${base}-${again}`
    anchors.add(anchor)
  }
  return anchors
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
