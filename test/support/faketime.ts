import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian and Ubuntu put the library that tells a process another time. */
const PLACES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((arch) => `/usr/lib/${arch}/faketime/libfaketime.so.1`)

export const faketimePath = (): string | null => PLACES.find((path) => existsSync(path)) ?? null

/** In CI it is installed by apt; elsewhere the tests that need it say that it is not there. */
export function ensureFaketime(): void {
  if (faketimePath() !== null || process.env['CI'] !== 'true' || process.getuid?.() !== 0) return
  process.stdout.write('installing libfaketime for the tests of clocks\n')
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore' })
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'libfaketime'], { stdio: 'ignore' })
}

/** For a process whose clock says this, beside what the system says: `+3y`, `-10y`. Timers and the times of files are as they are. */
export const withClock = (library: string, shift: string): Record<string, string> => ({
  LD_PRELOAD: library,
  FAKETIME: shift,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  NO_FAKE_STAT: '1',
})
