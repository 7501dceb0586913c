import { openSocket, openStream, runtimeWebSocket, type LiveConnection } from '../../client/live-connection.ts'
import { followLive } from '../../client/live.ts'
import { ConnectionError } from '../../client/connection-error.ts'
import type { Change } from '../../protocol/sync.ts'
import type { Connection } from '../connection.ts'
import type { World } from '../world.ts'

export type ChangesPage = { changes: readonly Change[]; cursor: string }

export type FollowListener = {
  page(page: ChangesPage): Promise<void>
  /** From here on nothing is missed. `again`: after the connection was lost. */
  waiting(again: boolean): Promise<void>
  /** The connection was lost, and did not come back at once. */
  lost(): Promise<void>
  /** The journal begins anew, so what happened meanwhile cannot be told. */
  gap(): Promise<void>
}

type Follower = Pick<Connection, 'server' | 'session' | 'patientApi'>

/** What is committed after `from`, or from now on, until the signal aborts. @throws its reason; AppError */
export async function followChanges(
  { server, session, patientApi }: Follower,
  world: World,
  from: string | null,
  listener: FollowListener,
): Promise<never> {
  const { fetch, now: clock, random, sleep, signal } = world
  const { accessToken } = session
  const findHead = () => headOf({ server, session, patientApi }, world)
  let wasConnected = false
  let failures = 0
  const pull = async (cursor: string | null): Promise<string> => {
    let at = cursor ?? (await findHead())
    for (let more = true; more;) {
      const page = await patientApi.changes({ cursor: at, limit: 1_000 })
      if (page.changes.length > 0) await listener.page(page)
      at = page.cursor
      more = page.more
    }
    return at
  }
  return followLive(
    {
      baseUrl: server,
      accessToken,
      cursor: from ?? (await findHead()),
      openWebSocket: runtimeWebSocket,
      fetch,
      world: { clock, random, sleep, signal },
    },
    {
      changes: async (changes, cursor) => (changes.length === 0 ? undefined : listener.page({ changes, cursor })),
      pull,
      reset: async () => {
        await listener.gap()
        return findHead()
      },
      access: () => {},
      connected: (way) => {
        failures = way === null ? failures + 1 : 0
        if (way !== null) void listener.waiting(wasConnected)
        else if (failures === 2 && !signal.aborted) void listener.lost()
        wasConnected ||= way !== null
      },
    },
  )
}

/** Where the journal stands: a connection without a cursor is greeted with it. */
async function headOf({ server, session, patientApi }: Follower, world: World): Promise<string> {
  const address = { baseUrl: server, accessToken: await session.accessToken(), cursor: null, device: null }
  const connections = [() => openSocket(address, runtimeWebSocket), () => openStream(address, world.fetch)]
  for (const open of connections) {
    const head = await greetingOf(open)
    if (head !== null) return head
  }
  // Neither gets through: then by all that there is.
  let page = await patientApi.changes({ limit: 1_000 })
  while (page.more) page = await patientApi.changes({ limit: 1_000, cursor: page.cursor })
  return page.cursor
}

async function greetingOf(open: () => Promise<LiveConnection>): Promise<string | null> {
  try {
    const connection = await open()
    try {
      for await (const message of connection.messages) if (message.type === 'hello') return message.cursor
      return null
    } finally {
      connection.close()
    }
  } catch (error) {
    if (error instanceof ConnectionError) return null
    throw error
  }
}
