import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { NodeId } from '../../core/ids.ts'
import type { Mutation, NodeState } from '../../core/namespace/model.ts'
import type { Db } from '../../db/connect.ts'
import type { MutationResult, NodeStateWire } from '../../protocol/files.ts'
import type { PushEntry } from '../../protocol/mutations.ts'
import type { Account } from '../support/account.ts'
import type { NamespaceServer } from '../support/namespace-server.ts'
import { findContradictions, type Call } from './linearize.ts'
import { randomBatch, textOf, type Memory } from './random-entry.ts'
import { readJournalRows, replayedServer, saidBy, withoutTimes, type Device } from './replayed-server.ts'
import { toMutation } from './to-mutation.ts'

/** One thing that a device did, with what it was answered. The changes of one push are so many things at the same time. */
export type Done = Call &
  (
    | { device: Device; entry: PushEntry; mutation: Mutation; result: MutationResult }
    | { folder: string; listed: unknown }
  )

export type Behaviour = {
  device: Device
  call: Account['call']
  dice: () => number
  memory: Memory
  /** Changes of one push at most. */
  batch: number
  goesOn: (calls: number) => boolean
}

/** Does random things to the tree, one call after the other. */
export async function behave(behaviour: Behaviour): Promise<Done[]> {
  const { dice, goesOn } = behaviour
  const history: Done[] = []
  const sent: PushEntry[] = []
  for (let calls = 0; goesOn(calls); calls++) {
    if (dice() < 0.25) {
      history.push(await look(behaviour))
      continue
    }
    const isRepeat = sent.length > 0 && dice() < 0.1
    const entries = isRepeat ? [sent[Math.floor(dice() * sent.length)]!] : newEntries(behaviour)
    if (!isRepeat) sent.push(...entries)
    history.push(...(await push(behaviour, entries)))
  }
  return history
}

/** Something to begin with: folders in folders, with files in all of them. */
export function plant(behaviour: Behaviour): Promise<Done[]> {
  const { memory, dice } = behaviour
  const made: string[] = []
  const entries = Array.from({ length: 12 }, (_, at): PushEntry[] => {
    const [folder, file] = [randomUUID(), randomUUID()]
    const parent = made.length === 0 || dice() < 0.3 ? memory.root : { madeBy: made[Math.floor(dice() * made.length)]! }
    made.push(folder)
    return [
      { id: folder, kind: 'create-folder', parent, name: `planted ${at}`, ifExists: 'fail' },
      {
        id: file,
        kind: 'write',
        target: { parent: { madeBy: folder }, name: 'e.txt' },
        base: 0,
        ...textOf(file),
        executable: false,
      },
    ]
  })
  return push(behaviour, entries.flat())
}

function newEntries({ memory, dice, batch }: Behaviour): PushEntry[] {
  const count = dice() < 0.5 ? 1 : 1 + Math.floor(dice() * batch)
  return randomBatch(
    memory,
    dice,
    Array.from({ length: count }, () => randomUUID()),
  )
}

async function look({ memory, dice, call }: Behaviour): Promise<Done> {
  const folders = [...memory.nodes.values()].filter(({ kind }) => kind === 'folder')
  const folder = folders[Math.floor(dice() * folders.length)]?.id ?? memory.root
  const called = performance.now()
  const { status, body } = await call('GET', `/v1/folders/${folder}/children?limit=1000`)
  expect([200, 404, 410], JSON.stringify(body)).toContain(status)
  const listed = status === 200 ? listing(body.children) : 'gone'
  return { called, returned: performance.now(), order: null, folder, listed }
}

async function push({ device, memory, call }: Behaviour, entries: PushEntry[]): Promise<Done[]> {
  const called = performance.now()
  const { status, body } = await call('POST', '/v1/sync/push', { mutations: entries })
  expect(status, JSON.stringify(body)).toBe(200)
  const returned = performance.now()
  return entries.map((entry, at) => {
    const result: MutationResult = body.results[at]
    remember(memory, result)
    const mutation = toMutation(entry, device.actor)
    return { called, returned, order: null, device, entry, mutation, result }
  })
}

function remember(memory: Memory, result: MutationResult): void {
  if (result.outcome === 'rejected') return
  memory.nodes.set(result.node.id, result.node)
  memory.seen = Math.max(memory.seen, result.seq)
  if (result.outcome === 'conflict') memory.conflicts.push(result.mutationId)
}

/** A folder as people see it, whatever the order of the model's map. */
const listing = (children: readonly (NodeStateWire | NodeState)[]) =>
  children.map(withoutTimes).toSorted((a, b) => (a.id < b.id ? -1 : 1))

/** A change has its place in the journal; the same mutation, refused before, had none. */
const inOrder = (history: readonly Done[], placeOf: ReadonlyMap<string, number>): Done[] =>
  history.map((done) =>
    'mutation' in done && done.result.outcome !== 'rejected'
      ? { ...done, order: placeOf.get(done.mutation.id) ?? null }
      : done,
  )

/** I11 A repeated change gives its first answer, and has no place of its own. A refusal is no answer: it is decided anew. */
function withoutReplays(history: readonly Done[]): Done[] {
  const first = new Map<string, MutationResult>()
  return history
    .toSorted((a, b) => a.called - b.called)
    .filter((done) => {
      if (!('mutation' in done)) return true
      const known = first.get(done.mutation.id)
      if (known) expect(done.result).toEqual(known)
      else if (done.result.outcome !== 'rejected') first.set(done.mutation.id, done.result)
      return known === undefined
    })
}

/**
 * What was put into the folder of another change, put into that folder: the model hears only of changes that have a place in the journal,
 * and one that found its folder there already has none.
 */
function intoFolders(history: readonly Done[]): Done[] {
  const made = new Map<string, NodeId>()
  for (const done of history)
    if ('result' in done && done.result.outcome !== 'rejected') made.set(done.entry.id, done.result.node.id as NodeId)
  const known = (_key: string, value: unknown): unknown =>
    (value !== null && typeof value === 'object' && 'madeBy' in value && made.get(value.madeBy as string)) || value
  return history.map((done) =>
    'mutation' in done ? { ...done, mutation: JSON.parse(JSON.stringify(done.mutation, known)) as Mutation } : done,
  )
}

/**
 * Plays what a tenant's journal says to the server in memory, in its order, and compares: every answer, every listing, every entry.
 * @returns that server, as the real one should be
 */
export async function expectOneOrder(
  owner: Db,
  devices: readonly Device[],
  history: readonly Done[],
): Promise<NamespaceServer> {
  const { tenantId } = devices[0]!.account
  const rows = await readJournalRows(owner, tenantId)
  const { server, commit, peek } = replayedServer(rows, devices)
  const placeOf = new Map([...new Set(rows.map(({ mutationId }) => mutationId))].map((id, i) => [id, i + 1]))
  const contradictions = findContradictions(inOrder(intoFolders(withoutReplays(history)), placeOf), {
    change(done) {
      if (!('mutation' in done)) return 'a listing changes nothing'
      const model = JSON.stringify(sorted(saidBy(commit(done.mutation))))
      const real = JSON.stringify(sorted(saidBy(done.result)))
      return model === real ? null : `${done.mutation.kind} answered\n  ${real}\nthe model says\n  ${model}`
    },
    agrees(done) {
      if ('mutation' in done) return same(saidBy(peek(done.mutation)), saidBy(done.result))
      const isThere = server.isLive(done.folder as NodeId)
      return same(isThere ? listing(server.children(done.folder as NodeId)) : 'gone', done.listed)
    },
    describe: (done) =>
      'mutation' in done
        ? `${JSON.stringify(done.mutation)}\n  ${JSON.stringify(saidBy(done.result))}`
        : `the listing of ${done.folder}\n  ${JSON.stringify(done.listed)}`,
  })
  expect(contradictions).toEqual([])
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, i) => i + 1))
  expect(server.journal.map(gist)).toEqual(rows.map(gist))
  return server
}

const gist = ({ seq, kind, mutationId, node }: { seq: number; kind: string; mutationId: string; node: NodeState }) => ({
  seq,
  kind,
  mutationId,
  node: withoutTimes(node),
})

const same = (one: unknown, other: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))

/** Members in one order, so that equal values have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}

/** I11 Every change that was acknowledged is sent once more: nothing happens, and the answers are as they were. */
export async function expectSameAnswers(history: readonly Done[]): Promise<void> {
  for (const { device, entries } of byDevice(withoutReplays(history))) {
    for (let from = 0; from < entries.length; from += 500) {
      const some = entries.slice(from, from + 500)
      const mutations = some.map(({ entry }) => entry)
      const { body } = await device.account.call('POST', '/v1/sync/push', { mutations })
      expect(body.results).toEqual(some.map(({ result }) => result))
    }
  }
}

type Acknowledged = { device: Device; entries: { entry: PushEntry; result: MutationResult }[] }

function byDevice(history: readonly Done[]): Iterable<Acknowledged> {
  const all = new Map<Device, Acknowledged>()
  for (const done of history) {
    if (!('entry' in done) || done.result.outcome === 'rejected') continue
    const { device } = done
    if (!all.has(device)) all.set(device, { device, entries: [] })
    all.get(device)!.entries.push(done)
  }
  return all.values()
}
