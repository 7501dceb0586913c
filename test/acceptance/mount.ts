import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Small disks in memory, which only root may mount. */
const run = (command: string, ...args: string[]): void => {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

export function mountMemory(path: string, size: string): void {
  mkdirSync(path, { recursive: true })
  run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=755`, 'bitvault-test', path)
}

export const resizeMemory = (path: string, size: string): void => run('mount', '-o', `remount,size=${size}`, path)

/** The same disk at another path too: it is still there when this mount is gone. */
export function mountAlso(disk: string, path: string): void {
  mkdirSync(path, { recursive: true })
  run('mount', '--bind', disk, path)
}

/** At once, whoever uses it: as when somebody pulls it out. */
export const unmount = (path: string): void => run('umount', '--lazy', path)

/** Why nothing can be mounted here; `null`: it can. */
export function whyNoMounts(): string | null {
  const probe = mkdtempSync(join(tmpdir(), 'bitvault-mount-'))
  try {
    mountMemory(probe, '64k')
    unmount(probe)
    return null
  } catch (error) {
    return (error as Error).message
  } finally {
    rmdirSync(probe)
  }
}
