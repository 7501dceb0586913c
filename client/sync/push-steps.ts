import { uuidV7, type MutationId, type NodeId } from '../../core/ids.ts'
import { isLocalId, type Item, type ItemId, type Placement } from '../../core/reconcile/item.ts'
import type { RemoteStep } from '../../core/reconcile/step.ts'
import { PUSH_MAX_MUTATIONS, type PushEntry } from '../../protocol/mutations.ts'
import type { Aliases } from './aliases.ts'
import { noteFailure, tellStep, tellStepEnd, type Course } from './course.ts'
import { localPath, joined } from './local-path.ts'
import { fingerprintOf, isSameRequest } from './sent.ts'
import type { DiskEntry, SyncStore } from './ports.ts'
import { settleAnswer } from './settle-answer.ts'
import { isOfPort } from './trouble.ts'

/** Everything that goes to the server without the bytes of a file. */
export const isPushed = (step: RemoteStep): boolean =>
  (step.do !== 'upload-new' && step.do !== 'upload-version') || step.content.kind === 'symlink'

type Pushed = { step: RemoteStep; entry: PushEntry }

/**
 * Sends steps in their order, up to 1,000 in one push. Their mutation ids are durable before they leave, and the same change goes under the same id
 * again (P10, NW-01, NW-02). What the server refuses is looked at again; the others are not harmed.
 * @throws Halt, AppError, ConnectionError
 */
export async function pushSteps(course: Course, steps: readonly RemoteStep[], aliases: Aliases): Promise<void> {
  for (let at = 0; at < steps.length; at += PUSH_MAX_MUTATIONS) {
    course.signal.throwIfAborted()
    await pushSome(course, steps.slice(at, at + PUSH_MAX_MUTATIONS), aliases)
  }
}

async function pushSome(course: Course, steps: readonly RemoteStep[], aliases: Aliases): Promise<void> {
  const wanted: RemoteStep[] = []
  for (const step of steps) if (await holdsStill(course, step)) wanted.push(aliases.step(step))
  const pushed = prepare(course, wanted)
  if (pushed.length === 0) return
  const paths = pushed.map(({ step }) => tellStep(course, step.do, step.item))
  const results = await course.remote.push(pushed.map(({ entry }) => entry))
  course.store.write((to) => {
    for (const [index, { step }] of pushed.entries()) {
      const result = results[index]
      if (result === undefined) continue
      // Parents before it may have got their ids by the answers before it.
      aliases.add(step.item, settleAnswer(course, to, { step: aliases.step(step), result }))
    }
  })
  for (const [at, { step }] of pushed.entries()) tellStepEnd(course, step.do, aliases.now(step.item), paths[at] ?? '')
}

/** Right before a delete: it is still not there. A program that saves a file takes it away for a moment (AS-02). */
async function holdsStill(course: Course, step: RemoteStep): Promise<boolean> {
  if (step.do !== 'trash-remote') return true
  const { store, disk } = course
  const synced = store.item(step.item)?.synced
  const folder = synced ? localPath(store, synced.place.parent) : null
  if (!synced || folder === null) return true
  try {
    const entry = await disk.stat(joined(folder, synced.localName))
    if (entry === null || isAnothers(store, { id: step.item, parent: synced.place.parent }, entry)) return true
  } catch (error) {
    if (!isOfPort(error)) throw error
    // Not proven, so not said (P8).
  }
  noteFailure(course, { id: step.item, step: step.do, trouble: { is: 'changed', side: 'disk' }, folder })
  return false
}

/** What has the name by now is something that we know, and that is not it: moved there, or made in its place (MD-04, RN-09, TC-02). */
function isAnothers(store: SyncStore, { id, parent }: { id: ItemId; parent: ItemId }, entry: DiskEntry): boolean {
  const there = store.childNamed('local', parent, entry.name)
  return there !== null && there !== id && store.item(there)?.local?.stamp.ino === entry.stamp.ino
}

/** Mutation ids for all, in one transaction. */
function prepare({ store, clock, random }: Course, steps: readonly RemoteStep[]): Pushed[] {
  const { seen } = store.cursor()
  const madeBy = new Map<ItemId, MutationId>()
  const pushed: Pushed[] = []
  store.write((to) => {
    for (const step of steps) {
      const item = store.item(step.item)
      if (!item) continue
      const pending = pendingFor(item, fingerprintOf(step, seen), () => newMutationId(clock.now(), random.bytes(10)))
      const entry = entryOf(item, step, { id: pending.mutation, seen, madeBy })
      if (entry === null) continue
      to.setPending(item.id, pending)
      madeBy.set(item.id, pending.mutation)
      pushed.push({ step, entry })
    }
  })
  return pushed
}

/** The same change goes under the id that it had. */
export const pendingFor = (
  { pending }: Item,
  fingerprint: string,
  newId: () => MutationId,
): NonNullable<Item['pending']> => ({
  mutation: pending !== null && isSameRequest(pending, fingerprint) ? pending.mutation : newId(),
  fingerprint,
})

export const newMutationId = (nowMs: number, random: Uint8Array): MutationId => uuidV7(nowMs, random) as MutationId

type Telling = { id: MutationId; seen: number; madeBy: ReadonlyMap<ItemId, MutationId> }

/** @returns `null`: its folder is not on the server, since that failed */
function entryOf(item: Item, step: RemoteStep, { id, seen, madeBy }: Telling): PushEntry | null {
  const at = ({ parent, name }: Placement) => {
    if (!isLocalId(parent)) return { parent: parent as NodeId, name }
    const maker = madeBy.get(parent)
    return maker === undefined ? null : { parent: { madeBy: maker }, name }
  }
  switch (step.do) {
    case 'create-remote-folder': {
      const place = at(step.place)
      return place && { id, kind: 'create-folder', ...place, ifExists: 'keep' }
    }
    case 'upload-new': {
      const place = at(step.place)
      return place && linkEntry(step, { id, target: place, base: 0 })
    }
    case 'upload-version':
      return linkEntry(step, { id, target: { node: item.id }, base: step.base })
    case 'move-remote': {
      const to = at(step.to)
      return to && { id, kind: 'move', node: item.id, to, base: step.base, ifExists: 'keep-both', seen: null }
    }
    case 'trash-remote': {
      const isFolder = item.remote?.content.kind === 'folder'
      return { id, kind: 'trash', node: item.id, base: isFolder ? null : step.base, seen: isFolder ? seen : null }
    }
    case 'set-executable-remote':
      return { id, kind: 'set-attributes', node: item.id, executable: step.executable }
  }
}

type LinkEntry = Extract<PushEntry, { kind: 'symlink' }>

function linkEntry(
  { content, stamp }: Extract<RemoteStep, { content: unknown }>,
  entry: Pick<LinkEntry, 'id' | 'target' | 'base'>,
): LinkEntry | null {
  if (content.kind !== 'symlink') return null
  return { ...entry, kind: 'symlink', linkTarget: content.target, mtimeNs: stamp.mtimeNs }
}
