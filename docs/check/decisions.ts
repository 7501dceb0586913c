import type { MarkdownFile } from './markdown-files.ts'

/** One architecture decision record, parsed as far as it holds to the form. */
export type Decision = {
  path: string
  number: number
  title: string
  status: string
  date: string
  tags: string[]
  body: string
}

const FOLDER = 'docs/adr/'
const FILE = /^docs\/adr\/(\d{4})-[a-z0-9-]+\.md$/
const STATUSES = ['proposed', 'accepted', 'superseded']
const SECTIONS = ['Context', 'Decision', 'Consequences', 'Alternatives']
/** A decision is one page: what needs more belongs into docs/spec. */
const MAX_LINES = 110

export const isDecision = ({ path }: MarkdownFile): boolean => FILE.test(path)

export function parseDecision({ path, text }: MarkdownFile): Decision {
  const { head, body } = splitFrontMatter(text)
  const field = (name: string) => new RegExp(`^${name}: *(.*?) *$`, 'm').exec(head)?.[1] ?? ''
  return {
    path,
    number: Number(FILE.exec(path)?.[1]),
    title: /^# \d+\. (.+)$/m.exec(body)?.[1] ?? '',
    status: field('status'),
    date: field('date'),
    tags:
      /^\[(.*)\]$/
        .exec(field('tags'))?.[1]
        ?.split(',')
        .map((tag) => tag.trim()) ?? [],
    body,
  }
}

export function splitFrontMatter(text: string): { head: string; body: string } {
  const [, head = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? ['', '', text]
  return { head, body }
}

/** What breaks the form of the decisions: front matter, sections, both sides of the consequences, numbers. */
export function formFaults(files: readonly MarkdownFile[]): string[] {
  const own = files.filter(({ path }) => path.startsWith(FOLDER) && path !== `${FOLDER}README.md`)
  const strangers = own.filter((file) => !isDecision(file)).map(({ path }) => `${path}: not called NNNN-words.md`)
  const decisions = own.filter(isDecision).map(parseDecision)
  const numbers = decisions.map(({ number }) => number)
  const doubled = decisions.filter(({ number }, at) => numbers.indexOf(number) !== at)
  return [
    ...strangers,
    ...doubled.map(({ path }) => `${path}: its number is taken`),
    ...decisions.flatMap((decision) => faultsOf(decision).map((fault) => `${decision.path}: ${fault}`)),
  ]
}

function faultsOf({ number, status, date, tags, body }: Decision): string[] {
  const faults: string[] = []
  if (!STATUSES.includes(status)) faults.push(`status is one of ${STATUSES.join(', ')}`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) faults.push('date is written as 2026-11-20')
  if (tags.length === 0 || tags.includes('')) faults.push('tags are a list: [storage, security]')
  if (!new RegExp(`^# ${number}\\. \\S`, 'm').test(body)) faults.push(`its title begins with "# ${number}. "`)
  if (body.split('\n').length > MAX_LINES) faults.push(`more than ${MAX_LINES} lines: one page`)
  for (const section of SECTIONS)
    if (sectionOf(body, section) === '') faults.push(`section ${section} is missing or empty`)
  const consequences = sectionOf(body, 'Consequences')
  for (const side of ['Good', 'Bad'])
    if (!new RegExp(`^\\W*${side}\\W*\\n+- `, 'm').test(consequences))
      faults.push(`Consequences lists nothing under ${side}`)
  if (status === 'superseded' && !SUPERSEDED.test(body))
    faults.push('says what superseded it: "Superseded by [ADR …](…)"')
  return faults
}

/** The one line that an accepted decision may gain. */
export const SUPERSEDED = /^Superseded by .*$/m

const sectionOf = (body: string, name: string): string =>
  new RegExp(`^## ${name}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(body)?.[1]?.trim() ?? ''

/** docs/adr/README.md's table. */
export function decisionIndex(files: readonly MarkdownFile[]): string {
  const rows = files
    .filter(isDecision)
    .map(parseDecision)
    .toSorted((a, b) => a.number - b.number)
    .map(
      ({ path, number, title, status, date, tags }) =>
        `| ${number} | [${title}](${path.slice(FOLDER.length)}) | ${status} | ${date} | ${tags.join(', ')} |`,
    )
  return ['| | decision | status | date | tags |', '|---|---|---|---|---|', ...rows].join('\n')
}
