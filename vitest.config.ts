import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { configDefaults, defineConfig } from 'vitest/config'

/** Pure, or with nothing but files: no server is started for them. */
const UNIT = [
  'core',
  'protocol',
  'telemetry',
  'storage',
  'client',
  'cli',
  'bus',
  'durable-objects',
  'workers/gateway',
  'bench',
  'test/sim',
].map((dir) => `${dir}/**/*.test.ts`)
const WORKERD = ['**/*.workerd.test.ts']
const POSTGRES = ['**/*.pg.test.ts']
const NEVER = [...configDefaults.exclude, '**/dist/**', '**/.bitvault/**']

/**
 * Three worlds. `unit`: pure functions. `servers`: the real PostgreSQL, and the real workerd, object store, CLI and browser
 * started by the tests themselves. `workerd`: modules run inside workerd. Nothing is mocked where the real thing runs.
 */
export default defineConfig({
  test: {
    // Files share a process and what it has read: to read it all anew for each of them took a third of the time.
    isolate: false,
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: UNIT,
          exclude: [...NEVER, ...WORKERD, ...POSTGRES],
          // Properties are long on a busy machine.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['**/*.test.ts'],
          exclude: [...NEVER, ...WORKERD, ...UNIT.map((glob) => glob.replace('*.test.ts', '!(*.pg).test.ts'))],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // The default second is nothing where processes start and a machine is busy.
          expect: { poll: { timeout: 20_000, interval: 50 } },
        },
      },
      {
        plugins: [cloudflareTest({ miniflare: { compatibilityDate: '2026-11-17' } })],
        test: { name: 'workerd', include: WORKERD, exclude: NEVER, testTimeout: 30_000 },
      },
    ],
  },
})
