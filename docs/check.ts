import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conflictTables } from './check/conflict-tables.ts'
import { decisionIndex, formFaults } from './check/decisions.ts'
import { errorTable } from './check/error-table.ts'
import { changedDecisions } from './check/frozen-decisions.ts'
import { withTable } from './check/generated.ts'
import { reconcileTables } from './check/reconcile-tables.ts'
import { brokenLinks, missingPaths } from './check/links.ts'
import { markdownFiles, type MarkdownFile } from './check/markdown-files.ts'
import { syncCaseFaults, syncCaseTables } from './check/sync-cases.ts'
import { unexplainedVariables } from './check/variables.ts'

/**
 * What can be checked of the written part: `npm run docs` writes the generated tables and says what is wrong,
 * docs/check.test.ts does the same without writing.
 */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url))

const GENERATED: { path: string; table: (files: readonly MarkdownFile[]) => string }[] = [
  { path: 'docs/adr/README.md', table: decisionIndex },
  { path: 'docs/spec/conflicts.md', table: conflictTables },
  { path: 'docs/spec/errors.md', table: errorTable },
  { path: 'docs/spec/reconcile.md', table: reconcileTables },
  { path: 'docs/spec/sync-cases.md', table: syncCaseTables },
]

/** Generated parts that are not what the sources give; with `write`, they are brought up to date first. */
export async function staleTables(root: string, files: readonly MarkdownFile[], write = false): Promise<string[]> {
  const stale: string[] = []
  for (const { path, table } of GENERATED) {
    const before = await readFile(join(root, path), 'utf8')
    const after = withTable(before, table(files))
    if (after === before) continue
    if (write) await writeFile(join(root, path), after)
    else stale.push(`${path}: out of date; npm run docs`)
  }
  return stale
}

/** Everything that is wrong with the texts under `root`, one sentence each. */
export async function findFaults(root: string, { write = false } = {}): Promise<string[]> {
  const files = await markdownFiles(root)
  const stale = await staleTables(root, files, write)
  const faults = await Promise.all([
    brokenLinks(root, files),
    missingPaths(root, files),
    unexplainedVariables(root),
    changedDecisions(root, files),
    syncCaseFaults(root),
  ])
  return [...stale, ...formFaults(files), ...faults.flatMap((some) => some ?? [])]
}

if (import.meta.main) {
  const faults = await findFaults(PROJECT, { write: process.argv.includes('--write') })
  for (const fault of faults) console.error(fault)
  process.exitCode = faults.length === 0 ? 0 : 1
}
