import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensureChromium } from './support/chromium.ts'

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
  return run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...given])
}

process.exit(main())
