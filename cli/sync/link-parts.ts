import { openCredentialFile } from '../../client/node/credential-file.ts'
import { configFolder, stateFolder } from '../../client/node/folders.ts'
import { createSession, type Credential, type Session } from '../../client/credentials.ts'
import type { HostParts } from '../../client/node/sync/host/link-host.ts'
import { keptSignIn, type SignIn } from '../../client/node/sync/host/sign-in.ts'
import { openLinkFile } from '../../client/node/sync/links/link-file.ts'
import type { Link } from '../../client/node/sync/links/link.ts'
import type { Random } from '../../client/sync/ports.ts'
import { createMachineSession } from '../machine-session.ts'
import { readVersion } from '../version.ts'
import type { World } from '../world.ts'

/** What a process needs to work on links, all but the link. */
export type SharedParts = Omit<HostParts, 'link' | 'signIn'> & { signInOf: (link: Link) => SignIn }

export const linksOf = (world: World) => openLinkFile(configFolder(world.env, world.platform))
export const stateOf = (world: World): string => stateFolder(world.env, world.platform)

export function sharedParts(world: World, kind: 'foreground' | 'background'): SharedParts {
  return {
    links: linksOf(world),
    state: stateOf(world),
    process: { pid: process.pid, kind, startedAt: world.now(), version: readVersion() },
    hostName: world.hostName,
    platform: platformOf(world),
    signInOf: (link) => signInOf(world, link),
    fetch: world.fetch,
    clock: { now: world.now, sleep: (ms, signal) => world.sleep(ms, signal) },
    random: randomOf(world),
  }
}

/** `linux-x64`, as the server takes it. */
export const platformOf = (world: World): string => `${world.platform}-${process.arch}`

const randomOf = (world: World): Random => ({
  bytes: world.random,
  fraction: () => new DataView(world.random(4).buffer).getUint32(0) / 2 ** 32,
})

/** As `connect` finds out who speaks: BITVAULT_TOKEN, otherwise what is kept for the server of the link. */
export function signInOf(world: World, { server, profile }: Link): SignIn {
  const token = world.env['BITVAULT_TOKEN'] ?? ''
  if (token !== '')
    return { mark: async () => 'by BITVAULT_TOKEN', open: async () => createMachineSession(world, server, token) }
  const store = openCredentialFile(configFolder(world.env, world.platform))
  const sessionOf = (credential: Credential): Session =>
    credential.kind === 'token'
      ? createMachineSession(world, server, credential.token)
      : createSession({ store, profile, fetch: world.fetch, clock: world.now, sleep: world.sleep })
  return keptSignIn(store, profile, sessionOf)
}
