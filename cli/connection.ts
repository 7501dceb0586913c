import { createApi, type Api } from '../client/api.ts'
import { createSession, type CredentialStore, type Session } from '../client/credentials.ts'
import { openCredentialFile } from '../client/node/credential-file.ts'
import { configFolder } from '../client/node/folders.ts'
import type { GlobalOptions } from './command.ts'
import { createMachineSession } from './machine-session.ts'
import { notSignedIn } from './not-signed-in.ts'
import { sayTo, type Say } from './say.ts'
import { LOCAL_SERVER, parseServer, profileOf } from './server-address.ts'
import { traceCommand } from './tracing.ts'
import type { Span } from '../telemetry/tracer.ts'
import type { World } from './world.ts'

/**
 * Which server, as whom: --server, BITVAULT_SERVER, the last sign-in, this computer; BITVAULT_TOKEN, otherwise the sign-in
 * kept for that server.
 */
export type Connection = {
  server: string
  profile: string
  /** Gives up soon: a person waits for the first answer. */
  api: Api
  /** For what does not go through the two APIs: live connections. */
  session: Session
  /** For transfers, which outlast a restart of the server. */
  patientApi: Api
  /** `true` when BITVAULT_TOKEN speaks, not a sign-in. */
  isMachine: boolean
}

const TRIES = 3

/** Throws `CliError` when nobody is signed in there. */
export async function connect(options: GlobalOptions, world: World): Promise<Connection> {
  const kept = openCredentialFile(configFolder(world.env, world.platform))
  const server = await chooseServer(options, world, kept)
  const profile = profileOf(server)
  const isMachine = (world.env['BITVAULT_TOKEN'] ?? '') !== ''
  const { fetch, now: clock, random, sleep, signal } = world
  const session = await openSession(world, { server, profile, kept })
  const shared = {
    baseUrl: server,
    ...session,
    fetch,
    clock,
    random,
    sleep,
    signal,
  }
  const [api, patientApi] = [createApi({ ...shared, tries: TRIES }), createApi(shared)]
  return { server, profile, isMachine, session, api, patientApi }
}

async function openSession(
  world: World,
  where: { server: string; profile: string; kept: CredentialStore },
): Promise<Session> {
  const { server, profile, kept } = where
  const token = world.env['BITVAULT_TOKEN']
  if (token !== undefined && token !== '') return createMachineSession(world, server, token)
  const credential = await kept.read(profile)
  if (credential === null) throw notSignedIn(server)
  if (credential.kind === 'token') return createMachineSession(world, server, credential.token)
  return createSession({ store: kept, profile, fetch: world.fetch, clock: world.now, sleep: world.sleep })
}

export async function chooseServer(
  options: Pick<GlobalOptions, 'server'>,
  world: World,
  store: CredentialStore,
): Promise<string> {
  const named = options.server ?? world.env['BITVAULT_SERVER']
  if (named !== undefined && named !== '') return parseServer(named)
  const profile = await store.defaultProfile()
  const credential = profile === null ? null : await store.read(profile)
  return credential?.server ?? LOCAL_SERVER
}

/** Connects and runs `work` inside the trace of `command`; both APIs are traced below it. */
export const withConnection = <T>(
  command: string,
  call: { options: GlobalOptions },
  world: World,
  work: (connection: Connection, say: Say) => Promise<T>,
): Promise<T> =>
  traceCommand(world, command, null, async (span) =>
    work(traced(await connect(call.options, world), span), sayTo(world, call.options)),
  )

export const traced = (connection: Connection, span: Span): Connection => ({
  ...connection,
  api: connection.api.with({ span }),
  patientApi: connection.patientApi.with({ span }),
})
