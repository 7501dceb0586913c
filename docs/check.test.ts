import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PROJECT, findFaults } from './check.ts'
import { decisionIndex, formFaults } from './check/decisions.ts'
import { errorTable } from './check/error-table.ts'
import { changedDecisions } from './check/frozen-decisions.ts'
import { withTable } from './check/generated.ts'
import { brokenLinks, missingPaths } from './check/links.ts'
import { caseFaults } from './check/sync-cases.ts'
import { SCENARIOS } from '../test/sim/scenarios.ts'
import { markdownFiles, type MarkdownFile } from './check/markdown-files.ts'
import { ERROR_CODES } from '../core/errors.ts'

test('C11, BV-11, BV-23 the texts of this project hold to their rules', { timeout: 60_000 }, async () => {
  expect(await findFaults(PROJECT)).toEqual([])
})

const FRONT = '---\nstatus: accepted\ndate: 2026-11-20\ntags: [a, b]\n---\n'
const BODY = `
# 1. We do it

## Context

Why.

## Decision

What.

## Consequences

Good

- one

Bad

- two

## Alternatives

- **Other.** No.
`
const PATH = 'docs/adr/0001-we-do-it.md'
const record = (text = FRONT + BODY, path = PATH): MarkdownFile => ({ path, text })

describe('BV-11 the form of a decision', () => {
  test('one that holds to it has no fault', () => {
    expect(formFaults([record()])).toEqual([])
  })

  test.each([
    ['a section is missing', BODY.replace('## Alternatives', '## Others')],
    ['a section is empty', BODY.replace('Why.\n', '')],
    ['nothing bad is said', BODY.replace('Bad\n\n- two\n', '')],
    ['nothing good is said', BODY.replace('- one\n', '')],
    ['the title has another number', BODY.replace('# 1.', '# 2.')],
  ])('%s', (_, body) => {
    expect(formFaults([record(FRONT + body)])).toHaveLength(1)
  })

  test.each([
    ['unknown status', FRONT.replace('accepted', 'fine')],
    ['no date', FRONT.replace('2026-11-20', 'today')],
    ['no tags', FRONT.replace('[a, b]', '')],
    ['superseded, not said by what', FRONT.replace('accepted', 'superseded')],
  ])('%s', (_, front) => {
    expect(formFaults([record(front + BODY)])).toHaveLength(1)
  })

  test('two with one number; a stranger in the folder', () => {
    const twin = record(FRONT + BODY, 'docs/adr/0001-twin.md')
    expect(formFaults([record(), twin])).toEqual(['docs/adr/0001-twin.md: its number is taken'])
    expect(formFaults([record('', 'docs/adr/notes.md')])).toEqual(['docs/adr/notes.md: not called NNNN-words.md'])
  })
})

describe('C11 generated tables', () => {
  test('the index has one row a decision, in order, and drift is seen', () => {
    const second = record(FRONT + BODY.replace('# 1. We', '# 2. They'), 'docs/adr/0002-they.md')
    const table = decisionIndex([second, record()])
    expect(table.split('\n').slice(2)).toEqual([
      '| 1 | [We do it](0001-we-do-it.md) | accepted | 2026-11-20 | a, b |',
      '| 2 | [They do it](0002-they.md) | accepted | 2026-11-20 | a, b |',
    ])
    const page = withTable('<!-- generated: npm run docs -->\n?\n<!-- end of generated -->', table)
    expect(withTable(page, table)).toBe(page)
    expect(withTable(page, decisionIndex([record()]))).not.toBe(page)
    expect(() => withTable('no marks', table)).toThrow()
  })

  test('the table of errors has every code once', () => {
    const codes = [...errorTable().matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1])
    expect(codes).toEqual([...ERROR_CODES])
  })
})

describe('the hard cases of synchronisation', () => {
  const all = SCENARIOS.map(({ id }) => id)

  test('each is held by something', () => {
    expect(caseFaults(all)).toEqual([])
  })

  test('one that lost its scenario, one of no case, one told twice, a failure of none are seen', () => {
    expect(caseFaults(without(all, 'MV-11'))).toEqual(['MV-11: nothing holds it'])
    expect(caseFaults([...all, 'MV-99'])).toEqual(['MV-99: there is no such case'])
    expect(caseFaults([...all, 'MV-11'])).toEqual(['MV-11: two scenarios have this id'])
    expect(caseFaults([...all, 'PH-01'])).toEqual(['PH-01: it has a scenario by now'])
  })
})

const without = (ids: readonly string[], one: string): string[] => ids.filter((id) => id !== one)

describe('files, links and history', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bitvault-docs-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }

  test('links to files and headings are followed; code and other sites are not', async () => {
    await write('docs/b.md', '# One two: three!\n')
    await write(
      'a.md',
      '[ok](docs/b.md) [ok](docs/b.md#one-two-three) [web](https://example.com/x) `[no](x.md)`\n```\n[no](y.md)\n```\n[gone](docs/c.md) [lost](docs/b.md#four)',
    )
    expect(await brokenLinks(root, await markdownFiles(root))).toEqual([
      'a.md: the link docs/c.md leads to no file',
      'a.md: docs/b.md has no heading #four',
    ])
  })

  test('a file that a text names must be there; an old decision may name what is gone', async () => {
    await write('core/here.ts', '')
    await write('a.md', '`core/here.ts` and `core/gone.ts`, `core/*.ts`')
    await write(PATH, '`core/gone.ts`')
    expect(await missingPaths(root, await markdownFiles(root))).toEqual(['a.md: there is no core/gone.ts'])
  })

  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: root, stdio: 'pipe' })
  async function commit(text: string): Promise<void> {
    await write(PATH, text)
    git('add', '.')
    git('commit', '-q', '-m', 'change')
  }
  const changed = async () => changedDecisions(root, await markdownFiles(root))

  test('BV-23 an accepted decision may only gain the line that supersedes it', async () => {
    git('init', '-q')
    await commit((FRONT + BODY).replace('accepted', 'proposed'))
    await commit(FRONT + BODY.replace('Why.', 'Because.'))
    expect(await changed()).toEqual([])
    const superseded = FRONT.replace('accepted', 'superseded') + BODY.replace('Why.', 'Because.')
    await commit(superseded.replace('## Context', 'Superseded by [ADR 2](0002-they.md).\n\n## Context'))
    expect(await changed()).toEqual([])
    await write(PATH, FRONT + BODY.replace('Why.', 'Because\nof that.'))
    expect(await changed()).toHaveLength(1)
    await commit(FRONT + BODY.replace('Why.', 'Never mind.'))
    expect(await changed()).toHaveLength(1)
  })

  test('without a history there is nothing to compare with', async () => {
    await write(PATH, FRONT + BODY)
    expect(await changed()).toBeNull()
  })
})
