import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian and Ubuntu put it, then other places; `CHROMIUM_PATH` wins. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']

export function chromiumPath(): string | null {
  const given = process.env['CHROMIUM_PATH']
  return [...(given ? [given] : []), ...PLACES].find((path) => existsSync(path)) ?? null
}

/** In CI the browser is installed by apt; elsewhere the browser tests say what they lack. */
export function ensureChromium(): void {
  if (chromiumPath() !== null || process.env['CI'] !== 'true' || process.getuid?.() !== 0) return
  process.stdout.write('installing chromium for the browser tests\n')
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore' })
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], { stdio: 'ignore' })
}
