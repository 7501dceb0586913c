import type { World } from './world.ts'

/** Opens the address in a browser where there is a screen; answers whether one was started. Never throws. */
export async function openBrowser(world: World, url: string): Promise<boolean> {
  const { env, platform } = world
  // Over ssh and in a container there is no browser to be had, and a text browser would take the terminal.
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return false
  if (env['SSH_CONNECTION'] && platform !== 'win32') return false
  if (platform === 'darwin') return world.launch('open', [url])
  // Not `cmd /c start`: it would read & and ^ of the address as its own.
  if (platform === 'win32') return world.launch('rundll32', ['url.dll,FileProtocolHandler', url])
  return world.launch('xdg-open', [url])
}
