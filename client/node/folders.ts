import { homedir } from 'node:os'
import { join } from 'node:path'

type Environment = Record<string, string | undefined>

/** Where settings and credentials live: XDG base directories, `%APPDATA%` on Windows. */
export function configFolder(env: Environment = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(env['APPDATA'] || join(homedir(), 'AppData', 'Roaming'), 'bitvault')
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'bitvault')
}

/** Where what can be lost without harm lives: open uploads. */
export function stateFolder(env: Environment = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), 'bitvault')
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'bitvault')
}
