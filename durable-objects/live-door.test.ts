import { describe, expect, test } from 'vitest'
import type { SessionId, TenantId, UserId } from '../core/ids.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'
import { LiveDoor, SWEEP_EVERY_MS } from './live-door.ts'
import { LiveHub, type LivePage } from './live-hub.ts'
import { MESSAGES_PER_MINUTE } from './live-limits.ts'
import { cursorText } from './live-message.ts'
import { viewerOf } from './live-principals.ts'
import { SINK_MAX_WAITING_BYTES, type LiveState } from './live-sink.ts'

const EPOCH = '01a1fbfa-f3dc-4090-aad2-fe15609850a1'
const USER = 'u' as UserId
const TENANT = 't' as TenantId
const PRINCIPAL: ReadPrincipal = { userId: USER, device: '', memberRole: 'member', spaces: [] }
const HOLDER = { tenant: TENANT, user: USER, device: null }

/** A socket as the runtime hands it out after a hibernation, with its attachment. */
function fakeSocket(name: string) {
  const state: LiveState = {
    session: name as SessionId,
    user: USER,
    device: null,
    epoch: EPOCH,
    at: 0,
    since: 0,
    sees: viewerOf(PRINCIPAL).mark,
  }
  return {
    sent: [] as string[],
    code: null as number | null,
    bufferedAmount: 0,
    pingedAt: null as number | null,
    deserializeAttachment: () => state,
    serializeAttachment: () => undefined,
    send(text: string) {
      this.sent.push(text)
    },
    close(code: number) {
      this.code = code
    },
  }
}
type FakeSocket = ReturnType<typeof fakeSocket>
const asSocket = (socket: FakeSocket) => socket as unknown as WebSocket

/** An object that has just come into memory, with these sockets left by the life before. */
function doorWorld(names: string[]) {
  const world = { now: 0, sockets: names.map(fakeSocket), onRead: () => {} }
  const readPage = async (): Promise<LivePage> => {
    world.onRead()
    return { entries: [], head: 0, epoch: EPOCH, horizon: 0 }
  }
  const clock = () => world.now
  const hub = new LiveHub({
    readPage,
    findPrincipals: async (sessions) => new Map(sessions.map((session) => [session, PRINCIPAL])),
    holderOf: () => HOLDER,
    clock,
    later: () => undefined,
    onSent: () => undefined,
  })
  const door = new LiveDoor({
    tenant: TENANT,
    ctx: {
      acceptWebSocket: () => undefined,
      getWebSockets: () => world.sockets.map(asSocket),
      getWebSocketAutoResponseTimestamp: (socket: unknown) => {
        const { pingedAt } = socket as FakeSocket
        return pingedAt === null ? null : new Date(pingedAt)
      },
    },
    hub,
    findPrincipal: async () => PRINCIPAL,
    readPage,
    devices: { require: async () => undefined, seen: () => undefined },
    clock,
    armSweep: () => undefined,
  })
  return Object.assign(world, { door, hub })
}
const codes = ({ sockets }: { sockets: FakeSocket[] }) => sockets.map(({ code }) => code)
const typesOf = ({ sent }: FakeSocket) => sent.map((text) => JSON.parse(text).type)

test('LV-8 a session that ends while it comes in stays outside', async () => {
  const world = doorWorld([])
  const call = { session: 'late' as SessionId, cursor: null, device: null, as: 'stream' } as const
  world.onRead = () => world.door.sessionsEnded(['late' as SessionId])
  await expect(world.door.open(call)).rejects.toMatchObject({ code: 'session-revoked' })
  expect(world.hub.sinks.size).toBe(0)
})

describe('sockets that outlived their object', () => {
  test('LV-16 who was not heard of for long is let go, who pings stays', async () => {
    const world = doorWorld(['silent', 'pings'])
    world.now = 160_000
    world.sockets[1]!.pingedAt = 150_000
    expect(await world.door.sweep()).toBe(world.now + SWEEP_EVERY_MS)
    expect(codes(world)).toEqual([4408, null])
    expect(typesOf(world.sockets[0]!)).toEqual(['closing'])
  })

  test('LV-16 with nobody left, nothing is looked after', async () => {
    const world = doorWorld(['silent'])
    world.now = 160_000
    expect(await world.door.sweep()).toBe(null)
  })

  test('LV-16 who does not take what is sent is let go', () => {
    const world = doorWorld(['slow', 'quick'])
    world.door.wake()
    world.sockets[0]!.bufferedAmount = SINK_MAX_WAITING_BYTES + 1
    for (const sink of world.hub.sinks) world.hub.tell(sink, { type: 'access', json: '{}', cursor: null })
    expect(codes(world)).toEqual([4408, null])
  })

  test('LV-8 the end of a session finds them', () => {
    const world = doorWorld(['ended', 'other'])
    world.door.sessionsEnded(['ended' as SessionId])
    expect(codes(world)).toEqual([4401, null])
  })

  test('LV-11 who says too much is let go', async () => {
    const world = doorWorld(['loud'])
    const ack = JSON.stringify({ type: 'ack', cursor: cursorText({ epoch: EPOCH, seq: 0 }, HOLDER) })
    for (let i = 0; i < MESSAGES_PER_MINUTE; i++) await world.door.said(asSocket(world.sockets[0]!), ack)
    expect(codes(world)).toEqual([null])
    await world.door.said(asSocket(world.sockets[0]!), ack)
    expect(codes(world)).toEqual([4408])
  })
})
