import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NodeId, SessionId, SpaceId, TenantId, UserId } from '../core/ids.ts'
import { parseCursor, type Holder } from '../core/namespace/cursor.ts'
import type { NodeState } from '../core/namespace/model.ts'
import type { FeedEntry } from '../db/tenant/journal.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'
import type { LiveMessage } from '../protocol/live.ts'
import { CATCH_UP_MAX, LiveHub, type LivePage } from './live-hub.ts'
import { sha256Hex, type LiveText } from './live-message.ts'
import { viewerOf } from './live-principals.ts'
import type { LiveSink, LiveState } from './live-sink.ts'
import { readTail } from './live-tail.ts'

const EPOCHS = ['01a1fbfa-f3dc-4090-aad2-fe15609850a1', '01a1fbfa-f3dc-4090-aad2-fe15609850a2']
const SPACES = ['a', 'b', 'c'] as SpaceId[]
const holderOf = ({ state }: LiveSink): Holder => ({ tenant: 't' as TenantId, user: state.user, device: null })

/** A client as docs/spec/live.md has it, on a socket whose attachment outlives the hub. */
class Client implements LiveSink {
  state: LiveState
  saved: LiveState
  readonly heard: LiveMessage[] = []
  readonly seqs: number[] = []
  cursor: string
  isBehind = false

  constructor(state: LiveState, cursor: string) {
    this.state = state
    this.saved = { ...state }
    this.cursor = cursor
  }

  save(): void {
    this.saved = { ...this.state }
  }

  send({ json }: LiveText): boolean {
    const message = JSON.parse(json) as LiveMessage
    this.heard.push(message)
    if (message.type === 'behind') this.isBehind = true
    if (message.type !== 'changes' || message.after !== this.cursor) return true
    this.cursor = message.cursor
    this.seqs.push(...message.changes.map(({ seq }) => seq))
    return true
  }

  close(code: number, reason: string): void {
    this.heard.push({ type: 'closing', code, reason })
  }
}

/** One tenant: a journal, who may read what, and a hub that can be lost. */
class World {
  epoch = EPOCHS[0]!
  readonly journal: FeedEntry[] = []
  readonly rights = new Map<SessionId, SpaceId[]>()
  readonly clients: Client[] = []
  readonly asked: number[] = []
  now = 0
  hub = this.#newHub()

  commit(space: SpaceId, count = 1): void {
    for (let i = 0; i < count; i++) {
      const seq = this.journal.length + 1
      const node = { id: `n${seq}` as NodeId, spaceId: space, parentId: null } as NodeState
      this.journal.push({ seq, kind: 'created', at: seq, spaceId: space, node })
    }
  }

  readPage = async (after: number, limit: number): Promise<LivePage> => {
    const entries = this.journal.slice(after, after + limit)
    return { entries, head: this.journal.length, epoch: this.epoch, horizon: 0 }
  }

  async join(name: string, spaces: SpaceId[], seq = this.journal.length): Promise<Client> {
    const [session, user] = [name as SessionId, name as UserId]
    this.rights.set(session, spaces)
    const viewer = viewerOf(principalOf(spaces))
    const holder: Holder = { tenant: 't' as TenantId, user, device: null }
    const cursor = { epoch: this.epoch, seq }
    const through = () => this.hub.through
    const tail = await readTail({ cursor, holder, viewer, readPage: this.readPage, through })
    const state = { session, user, device: null, epoch: this.epoch, at: tail.place.seq, since: 0, sees: viewer.mark }
    const client = new Client(state, this.hub.cursorOf({ state: { ...state, at: seq } } as LiveSink, seq))
    for (const message of tail.messages) client.send(message)
    this.hub.remember(session, principalOf(spaces), this.now)
    this.hub.add(client)
    this.clients.push(client)
    return client
  }

  /** The object leaves memory and comes back: what is left of a socket is its attachment. */
  evict(): void {
    this.hub = this.#newHub()
    for (const client of this.clients) {
      client.state = { ...client.saved }
      this.hub.add(client)
    }
  }

  visible(spaces: SpaceId[], from: number): number[] {
    return this.journal.filter(({ seq, spaceId }) => seq > from && spaces.includes(spaceId)).map(({ seq }) => seq)
  }

  #newHub(): LiveHub {
    return new LiveHub({
      readPage: (after, limit) => this.readPage(after, limit),
      findPrincipals: async (sessions) => {
        this.asked.push(sessions.length)
        const known = sessions.filter((session) => this.rights.has(session))
        return new Map(known.map((session) => [session, principalOf(this.rights.get(session)!)]))
      },
      holderOf,
      clock: () => this.now,
      later: () => undefined,
      onSent: () => undefined,
    })
  }
}

const principalOf = (spaces: SpaceId[]): ReadPrincipal => ({
  userId: 'u' as UserId,
  device: '',
  memberRole: 'member',
  spaces: spaces.map((id) => ({ id, name: id, kind: 'team', rootId: id, role: 'reader', mine: false })),
})
const seqOf = (cursor: string, client: Client): number => parseCursor(cursor, holderOf(client), sha256Hex).seq

type Step =
  | { do: 'commit'; space: SpaceId; count: number }
  | { do: 'serve' | 'evict' }
  | { do: 'join'; spaces: SpaceId[]; back: number }
const space = fc.constantFrom(...SPACES)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit'), space, count: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.constant({ do: 'serve' }) },
  { weight: 1, arbitrary: fc.constant({ do: 'evict' }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('join'), spaces: fc.subarray(SPACES), back: fc.nat({ max: 20 }) }),
  },
) as fc.Arbitrary<Step>

describe('who listens', () => {
  test('LV-5 gets what they may read, all of it, once and in order, whatever is lost meanwhile', async () => {
    const steps = fc.array(step, { maxLength: 40 })
    const together = async (plan: Step[]) => {
      const world = new World()
      const joined: { client: Client; from: number; spaces: SpaceId[] }[] = []
      for (const action of plan) {
        if (action.do === 'commit') world.commit(action.space, action.count)
        else if (action.do === 'serve') await world.hub.serve()
        else if (action.do === 'evict') world.evict()
        else {
          const from = Math.max(0, world.journal.length - action.back)
          const client = await world.join(`s${joined.length}`, action.spaces, from)
          joined.push({ client, from, spaces: action.spaces })
        }
      }
      await world.hub.serve()
      for (const { client, from, spaces } of joined) expect(client.seqs).toEqual(world.visible(spaces, from))
    }
    await fc.assert(fc.asyncProperty(steps, together), { seed: 20_261_121, numRuns: 300 })
  })

  test('LV-4 a thousand who see the same cost one question', async () => {
    const world = new World()
    for (let i = 0; i < 1_000; i++) await world.join(`s${i}`, ['a' as SpaceId])
    world.now += 10_000
    world.commit('a' as SpaceId)
    await world.hub.serve()
    expect(world.asked).toEqual([1_000])
    expect(world.clients.map(({ seqs }) => seqs)).toEqual(world.clients.map(() => [1]))
  })

  test('LV-6 is left behind by a leap, and goes on from where the leap ended', async () => {
    const world = new World()
    const client = await world.join('s', ['a' as SpaceId])
    world.commit('a' as SpaceId, CATCH_UP_MAX + 500)
    await world.hub.serve()
    expect(client.isBehind).toBe(true)
    client.cursor = (client.heard.at(-1) as { cursor: string }).cursor
    world.commit('a' as SpaceId)
    await world.hub.serve()
    expect(client.seqs).toEqual([world.journal.length])
  })

  test('LV-6 with nothing to hear for long, is told where the journal stands', async () => {
    const world = new World()
    const client = await world.join('s', ['a' as SpaceId])
    for (let i = 0; i < 30; i++) {
      world.commit('b' as SpaceId, 100)
      await world.hub.serve()
    }
    expect(client.seqs).toEqual([])
    expect(world.journal.length - seqOf(client.cursor, client)).toBeLessThanOrEqual(600)
    expect(client.isBehind).toBe(false)
  })

  test('LV-7 is told of a restored database, and goes on in the new epoch', async () => {
    const world = new World()
    world.commit('a' as SpaceId, 10)
    const client = await world.join('s', ['a' as SpaceId])
    world.journal.length = 5
    world.epoch = EPOCHS[1]!
    world.commit('a' as SpaceId)
    await world.hub.serve()
    const reset = client.heard.at(-1)
    expect(reset).toMatchObject({ type: 'reset', reason: 'epoch' })
    client.cursor = (reset as { cursor: string }).cursor
    world.commit('a' as SpaceId)
    await world.hub.serve()
    expect(client.seqs).toEqual([7])
  })

  test('LV-8 T26 hears nothing after the end of the session', async () => {
    const world = new World()
    const [client, other] = [await world.join('s', ['a' as SpaceId]), await world.join('o', ['a' as SpaceId])]
    world.rights.delete('s' as SessionId)
    world.now += 10_000
    world.commit('a' as SpaceId)
    await world.hub.serve()
    expect(client.heard.map(({ type }) => type)).toEqual(['changes', 'closing'])
    expect([client.seqs, other.seqs]).toEqual([[], [1]])
  })

  test('LV-9 is told when rights changed, also while nobody looked', async () => {
    const world = new World()
    const client = await world.join('s', ['a' as SpaceId])
    world.rights.set('s' as SessionId, ['b' as SpaceId])
    world.evict()
    world.commit('a' as SpaceId)
    world.commit('b' as SpaceId)
    await world.hub.check()
    expect(client.heard.map(({ type }) => type)).toEqual(['changes', 'access', 'changes'])
    expect(client.seqs).toEqual([2])
  })
})
