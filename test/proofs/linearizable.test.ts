import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '../../core/ids.ts'
import type { Mutation } from '../../core/namespace/model.ts'
import type { Stack } from '../../embedded/stack.ts'
import type { MutationResult, NodeStateWire } from '../../protocol/files.ts'
import type { PushEntry } from '../../protocol/mutations.ts'
import { seededDice } from '../faults/dice.ts'
import { inspect, type Inspector, NO_GRACE } from '../faults/inspector.ts'
import { patientClient } from '../faults/patient-client.ts'
import { type Account, firstAccount, send, signIn } from '../support/account.ts'
import { testStack } from '../support/stack.ts'
import { findContradictions, type Call } from './linearize.ts'
import { emptyMemory, randomEntry, type Memory } from './random-entry.ts'
import { deviceOf, readJournalRows, replayedServer, saidBy, withoutTimes, type Device } from './replayed-server.ts'
import { toMutation } from './to-mutation.ts'

const DEVICES = 6
const CALLS_EACH = 70

/** One thing that a device did, with what it was answered. */
type Done = Call & ({ mutation: Mutation; result: MutationResult } | { folder: string; listed: unknown })

let stack: Stack
let inspector: Inspector
let second: { url: string }

beforeAll(async () => {
  stack = await testStack({ env: NO_GRACE, quiet: true })
  second = await stack.addWorker()
  inspector = inspect(stack)
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
})

async function newDevices(): Promise<Device[]> {
  const owner = await firstAccount(stack)
  const devices: Device[] = []
  for (let i = 0; i < DEVICES; i++) {
    const name = `device ${i}`
    devices.push(deviceOf(await signIn(stack.url, owner.email, owner.password, name), name))
  }
  return devices
}

/** The device's requests to another process of the same installation. */
const through = (url: string, { account }: Device): Account['call'] =>
  patientClient((method, path, body, headers) =>
    send(url, method, path, body, { authorization: `Bearer ${account.token}`, ...headers }),
  ).call

/** A folder as people see it, whatever the order of the model's map. */
const listing = (children: readonly (NodeStateWire | Parameters<typeof withoutTimes>[0])[]) =>
  children.map(withoutTimes).toSorted((a, b) => (a.id < b.id ? -1 : 1))

async function behave(
  device: Device,
  { call, dice, memory }: { call: Account['call']; dice: () => number; memory: Memory },
): Promise<Done[]> {
  const history: Done[] = []
  const sent: PushEntry[] = []
  for (let i = 0; i < CALLS_EACH; i++) {
    const called = performance.now()
    if (dice() < 0.25) {
      const folders = [...memory.nodes.values()].filter(({ kind }) => kind === 'folder')
      const folder = folders[Math.floor(dice() * folders.length)]?.id ?? memory.root
      const { status, body } = await call('GET', `/v1/folders/${folder}/children?limit=1000`)
      const listed = status === 200 ? listing(body.children) : 'gone'
      history.push({ called, returned: performance.now(), order: null, folder, listed })
      continue
    }
    const isRepeat = sent.length > 0 && dice() < 0.1
    const entry = isRepeat ? sent[Math.floor(dice() * sent.length)]! : randomEntry(memory, dice, randomUUID())
    if (!isRepeat) sent.push(entry)
    const { status, body } = await call('POST', '/v1/sync/push', { mutations: [entry] })
    expect(status, JSON.stringify(body)).toBe(200)
    const result: MutationResult = body.results[0]
    remember(memory, result)
    const mutation = toMutation(entry, device.actor)
    history.push({ called, returned: performance.now(), order: null, mutation, result })
  }
  return history
}

function remember(memory: Memory, result: MutationResult): void {
  if (result.outcome === 'rejected') return
  memory.nodes.set(result.node.id, result.node)
  memory.seen = Math.max(memory.seen, result.seq)
  if (result.outcome === 'conflict') memory.conflicts.push(result.mutationId)
}

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

test('proof (c) concurrent clients of two processes see one order: every answer and every listing fits it; proof (b) the model makes the same journal', async () => {
  const devices = await newDevices()
  const { account } = devices[0]!
  const memory = emptyMemory(account.home.rootId)
  const histories = await Promise.all(
    devices.map((device, i) =>
      behave(device, {
        call: through(i % 2 === 0 ? stack.url : second.url, device),
        dice: seededDice(i + 1),
        memory,
      }),
    ),
  )
  const rows = await readJournalRows(inspector.owner, account.tenantId)
  const { server, commit, peek } = replayedServer(rows, devices)
  const placeOf = new Map([...new Set(rows.map(({ mutationId }) => mutationId))].map((id, i) => [id, i + 1]))
  const contradictions = findContradictions(inOrder(withoutReplays(histories.flat()), placeOf), {
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
  expect(server.journal.map(({ seq, kind, node }) => ({ seq, kind, node: withoutTimes(node) }))).toEqual(
    rows.map(({ seq, kind, node }) => ({ seq, kind, node: withoutTimes(node) })),
  )
  expect(await inspector.audit()).toMatchObject({ clean: true })
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
