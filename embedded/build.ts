import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { baseEnvironment, startChild } from './child.ts'
import { PROJECT_DIR } from './worker-config.ts'

const SOURCES = ['core', 'protocol', 'db', 'storage', 'bus', 'telemetry', 'durable-objects', 'workers']
const ALSO_MATTER = ['wrangler.toml', 'package-lock.json']
export const BUNDLE = join(PROJECT_DIR, 'dist', 'worker', 'main.js')
const BUILD_LIMIT_MS = 120_000

export type BuildOptions = { log?: (line: string) => void; signal?: AbortSignal | undefined; force?: boolean }

/**
 * Bundles the Worker into dist/worker with wrangler, offline, unless the bundle is newer than all its sources.
 * Answers whether it had to. Throws an error with the bundler's output when the sources do not build.
 */
export async function buildWorker({ log = () => {}, signal, force = false }: BuildOptions = {}): Promise<boolean> {
  if (!force && (await isFresh())) return false
  log('Building the Worker …')
  const target = dirname(BUNDLE)
  const temporary = `${target}.${process.pid}`
  try {
    await bundleInto(temporary, signal)
    await mkdir(target, { recursive: true })
    // File by file, so that a Worker that starts meanwhile finds the old bundle or the new one.
    for (const name of await readdir(temporary)) await rename(join(temporary, name), join(target, name))
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return true
}

async function bundleInto(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const wrangler = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js')
  const config = join(PROJECT_DIR, 'wrangler.toml')
  const child = await startChild(
    process.execPath,
    [wrangler, 'deploy', '--dry-run', '--config', config, '--outdir', folder],
    {
      env: {
        ...baseEnvironment(),
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_HIDE_BANNER: 'true',
        WRANGLER_LOG_PATH: join(folder, 'logs'),
        XDG_CONFIG_HOME: join(folder, 'config'),
        CI: '1',
      },
      signalOnOurDeath: 'KILL',
    },
  )
  const stop = (): void => void child.stop('SIGKILL', 0)
  const limit = setTimeout(stop, BUILD_LIMIT_MS)
  signal?.addEventListener('abort', stop)
  const { code } = await child.ended
  clearTimeout(limit)
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (code !== 0) throw new Error(`the Worker does not build\n${child.lastLines().join('\n')}`)
  for (const name of ['logs', 'config']) await rm(join(folder, name), { recursive: true, force: true })
}

async function isFresh(): Promise<boolean> {
  const built = await stat(BUNDLE).catch(() => null)
  if (built === null) return false
  const newest = await Promise.all([
    ...SOURCES.map((folder) => newestIn(join(PROJECT_DIR, folder))),
    ...ALSO_MATTER.map(async (file) => (await stat(join(PROJECT_DIR, file)).catch(() => null))?.mtimeMs ?? 0),
  ])
  return built.mtimeMs > Math.max(...newest)
}

/** Folders count too: a file that was removed or renamed changes its folder. */
async function newestIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const own = (await stat(folder).catch(() => null))?.mtimeMs ?? 0
  const times = entries.map(async (entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return newestIn(path)
    return entry.name.endsWith('.test.ts') ? 0 : (await stat(path)).mtimeMs
  })
  return Math.max(own, ...(await Promise.all(times)))
}

if (import.meta.main) {
  try {
    await buildWorker({ force: true, log: console.log })
    console.log('dist/worker is ready.')
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
