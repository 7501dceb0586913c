import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { ensureFaketime } from './support/faketime.ts'

/**
 * `npm run test:long [-- part …]`: what `npm test` runs in short forms, in the long ones, one after another, for hours. Ends with one plain line for
 * each part. `--seed N` repeats the people, lines and moments of a run of the daemons.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals: wanted } = parseArgs({ options: { seed: { type: 'string' } }, allowPositionals: true })
const seed = values.seed ?? String(randomInt(1, 1_000_000))

const TORTURES = ['offline', 'kill', 'network', 'access', 'clock', 'disk', 'many']
type Part = { name: string; args: string[] }

const PARTS: Part[] = [
  ...TORTURES.map((what) => ({
    name: `daemons-${what}`,
    args: [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'servers',
      `test/acceptance/sync-torture-${what}.test.ts`,
    ],
  })),
  {
    name: 'proof-broken-off',
    args: ['node_modules/vitest/vitest.mjs', 'run', '--project', 'servers', 'test/proofs/broken-off.test.ts'],
  },
  { name: 'sim-scenarios', args: ['test/sim/run.ts', '--scenarios', 'all', '--long'] },
  { name: 'sim-bugs', args: ['test/sim/run.ts', '--bugs'] },
  { name: 'sim-seeds', args: ['test/sim/run.ts', '--coverage', '--seeds', '20000'] },
]

function runPart({ name, args }: Part): { isWell: boolean; line: string } {
  process.stdout.write(`\n${name}\n`)
  const begun = performance.now()
  const env = { ...process.env, BITVAULT_TEST_LONG: '1', BITVAULT_TEST_SEED: seed }
  const { status, signal } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env })
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
  const isWell = status === 0
  return { isWell, line: `${name}: ${isWell ? 'passed' : `failed (${signal ?? status})`}, ${minutes} min` }
}

const chosen = PARTS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.startsWith(part)))
if (chosen.length === 0) {
  process.stderr.write(`no such part; there are: ${PARTS.map(({ name }) => name).join(' ')}\n`)
  process.exit(2)
}
ensureFaketime()
const results = chosen.map(runPart)
process.stdout.write(`\nseed of the daemons: ${seed}\n${results.map(({ line }) => line).join('\n')}\n`)
process.exit(results.every(({ isWell }) => isWell) ? 0 : 1)
