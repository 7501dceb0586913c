import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { stateFolder } from '../../client/node/folders.ts'
import { syncFolder } from '../../client/node/sync/links/link-folder.ts'
import { MAIN } from '../main-path.ts'
import type { World } from '../world.ts'
import {
  AGENT_LABEL,
  launchdAgent,
  systemdUnit,
  TASK_NAME,
  UNIT_NAME,
  windowsTask,
  type ServiceProgram,
} from './service-text.ts'

type Run = readonly [program: string, ...args: string[]]

/** How this system starts a program when a person logs in. */
export type Service = {
  /** What a person calls it. */
  kind: string
  path: string
  text: string
  encoding: 'utf8' | 'utf16'
  /** Each in its order; what one of them answers with is an exit code. */
  enable: readonly Run[]
  disable: readonly Run[]
  start: Run
  /** Answers 0 when it runs, or is known. */
  query: Run
}

export function serviceOf(world: World): Service {
  const program: ServiceProgram = { node: process.execPath, main: MAIN, env: settingsOf(world) }
  const state = syncFolder(stateFolder(world.env, world.platform))
  switch (world.platform) {
    case 'darwin':
      return launchd(world, program, join(state, 'daemon.log'))
    case 'win32':
      return taskScheduler(program, state)
    default:
      return systemd(world, program)
  }
}

/** Where our files are, when that is not where they would be anyway. */
const settingsOf = ({ env }: World): Record<string, string> =>
  Object.fromEntries(
    ['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'].flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  )

function systemd(world: World, program: ServiceProgram): Service {
  const config = world.env['XDG_CONFIG_HOME'] || join(world.home, '.config')
  const ask = (...args: string[]): Run => ['systemctl', '--user', ...args]
  return {
    kind: 'systemd user unit',
    path: join(config, 'systemd', 'user', UNIT_NAME),
    text: systemdUnit(program),
    encoding: 'utf8',
    enable: [ask('daemon-reload'), ask('enable', '--now', UNIT_NAME)],
    disable: [ask('disable', '--now', UNIT_NAME)],
    start: ask('start', UNIT_NAME),
    query: ask('is-active', '--quiet', UNIT_NAME),
  }
}

function launchd(world: World, program: ServiceProgram, log: string): Service {
  const domain = `gui/${process.getuid?.() ?? 0}`
  const path = join(world.home, 'Library', 'LaunchAgents', `${AGENT_LABEL}.plist`)
  return {
    kind: 'launchd agent',
    path,
    text: launchdAgent(program, log),
    encoding: 'utf8',
    enable: [['launchctl', 'bootstrap', domain, path]],
    disable: [['launchctl', 'bootout', `${domain}/${AGENT_LABEL}`]],
    start: ['launchctl', 'kickstart', `${domain}/${AGENT_LABEL}`],
    query: ['launchctl', 'print', `${domain}/${AGENT_LABEL}`],
  }
}

function taskScheduler(program: ServiceProgram, state: string): Service {
  const { username } = userInfo()
  const domain = process.env['USERDOMAIN']
  const path = join(state, 'service.xml')
  return {
    kind: 'scheduled task',
    path,
    text: windowsTask(program, domain ? `${domain}\\${username}` : username),
    encoding: 'utf16',
    enable: [
      ['schtasks', '/Create', '/F', '/TN', TASK_NAME, '/XML', path],
      ['schtasks', '/Run', '/TN', TASK_NAME],
    ],
    disable: [['schtasks', '/Delete', '/F', '/TN', TASK_NAME]],
    start: ['schtasks', '/Run', '/TN', TASK_NAME],
    query: ['schtasks', '/Query', '/TN', TASK_NAME],
  }
}

export const isInstalled = ({ path }: Service): boolean => existsSync(path)

export async function writeService({ path, text, encoding }: Service): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // The scheduler reads the byte order mark.
  await writeFile(path, encoding === 'utf8' ? text : Buffer.from(`\ufeff${text}`, 'utf16le'))
}

export const removeService = ({ path }: Service): Promise<void> => rm(path, { force: true })

/** @returns the first that did not succeed, and what is left with it; none: all did */
export async function runAll(world: World, runs: readonly Run[]): Promise<readonly Run[]> {
  for (const [at, [program, ...args]] of runs.entries())
    if ((await world.run(program, args)) !== 0) return runs.slice(at)
  return []
}

/** When it is installed: the service shall be who runs it, lest two stand in each other's way. */
export async function startService(world: World): Promise<boolean> {
  const service = serviceOf(world)
  return isInstalled(service) && (await runAll(world, [service.start])).length === 0
}
