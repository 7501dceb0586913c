import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureChromium } from './support/chromium.ts'
import { ensureFaketime } from './support/faketime.ts'

/** `npm test [-- vitest arguments]`: formatting, lint and types, then every test. Ends with one plain line that says how it went. */
const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv.slice(2)

function run(command: string, args: string[]): number {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  return status ?? 1
}

function main(): number {
  if (given.length === 0) {
    const checked = run('npm', ['run', '--silent', 'check'])
    if (checked !== 0) return checked
  }
  ensureChromium()
  ensureFaketime()
  const report = join(mkdtempSync(join(tmpdir(), 'bitvault-test-')), 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const status = run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...given])
  sayHowItWent(report)
  return status
}

/** One plain line at the end, for people who scroll and for machines that look for it. */
function sayHowItWent(report: string): void {
  if (!existsSync(report)) return
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  ) as Record<string, number>
  const skipped = (numPendingTests ?? 0) + (numTodoTests ?? 0)
  process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${skipped} skipped\n`)
}

process.exit(main())
