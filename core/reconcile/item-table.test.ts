import { expect, test } from 'vitest'
import { hash } from '../../test/support/namespace-world.ts'
import { MemoryTrees } from '../../test/support/memory-trees.ts'
import { ROOMY } from '../../test/support/planned-device.ts'
import { settledFile } from '../../test/support/sync-cases.ts'
import type { NodeId } from '../ids.ts'
import { CONTENT, PLACEMENT, type ContentAction, type LocalChange, type RemoteChange } from './item-table.ts'
import type { Item } from './item.ts'
import { plan } from './plan.ts'

/** The step that a cell becomes; `null`: none. */
const STEP: Record<ContentAction, string | null> = {
  nothing: null,
  wait: null,
  adopt: 'adopt',
  'create-remote': 'upload-new',
  'create-local': 'download',
  'update-remote': 'upload-version',
  'update-local': 'download',
  conflict: 'upload-version',
  'remove-local': 'remove-local',
  'remove-remote': 'trash-remote',
  'revive-remote': 'upload-version',
  'revive-local': 'download',
  forget: 'forget',
}

const bytes = (text: string) => ({ kind: 'file', sha256: hash(text), size: text.length, executable: false }) as const

function itemOf(here: LocalChange, there: RemoteChange): Item | null {
  const { id, remote, local, synced } = settledFile('n1', 'root' as NodeId, 'f')
  const wasSynced =
    here === 'same' ||
    here === 'edited' ||
    here === 'gone' ||
    there === 'same' ||
    there === 'edited' ||
    there === 'gone'
  // What never was on one side, or is new there, was never on both.
  const isNew = [here, there].some((change) => change === 'never' || change === 'new')
  if (wasSynced && isNew) return null
  const content = { unknown: null, edited: bytes('L'), new: bytes('L'), same: local!.content, gone: null, never: null }[
    here
  ]
  return {
    id,
    remote:
      there === 'never' || there === 'gone'
        ? null
        : { ...remote!, content: there === 'same' ? remote!.content : bytes('R') },
    local: here === 'never' || here === 'gone' ? null : { ...local!, content },
    synced: wasSynced ? synced : null,
    blocked: null,
    pending: null,
  }
}

const cells = Object.entries(CONTENT).flatMap(([here, row]) =>
  Object.entries(row).map(([there, action]) => [here, there, action] as [LocalChange, RemoteChange, ContentAction]),
)

test.each(cells)('RC-2 %s here, %s there: %s', (here, there, action) => {
  const item = itemOf(here, there)
  // These cannot be at once: the table says to wait, should they ever be.
  if (item === null) return expect(['wait', 'forget', 'create-remote', 'create-local']).toContain(action)
  const { steps } = planOf(item)
  const isNothing = here === 'never' && there === 'never'
  expect(steps.map((step) => step.do)).toEqual(STEP[action] === null || isNothing ? [] : [STEP[action]])
})

test.each(
  Object.entries(PLACEMENT).flatMap(([here, row]) =>
    Object.entries(row).map(([there, action]) => [here, there, action] as const),
  ),
)('RC-2 RC-5 %s here, %s there: %s', (here, there, action) => {
  const item = settledFile('n1', 'root' as NodeId, 'f')
  const moved = (name: string) => ({ parent: 'root' as NodeId, name })
  const { steps } = planOf({
    ...item,
    local: { ...item.local!, ...(here === 'moved' && { place: moved('L') }) },
    remote: { ...item.remote!, ...(there === 'moved' && { place: moved('R') }) },
  })
  expect(steps.map((step) => step.do)).toEqual(action === 'nothing' ? [] : [action])
})

test('CR-05 moved to one place, edited to the same bytes: that is noted', () => {
  const item = settledFile('n1', 'root' as NodeId, 'f')
  const place = { parent: 'root' as NodeId, name: 'g' }
  const both = { place, content: bytes('LR') }
  const { steps } = planOf({ ...item, local: { ...item.local!, ...both }, remote: { ...item.remote!, ...both } })
  expect(steps).toEqual([{ do: 'adopt', item: 'n1' }])
})

function planOf(item: Item) {
  const trees = new MemoryTrees('root' as NodeId)
  trees.setRemote(item.id, item.remote)
  trees.setLocal(item.id, item.local)
  trees.setSynced(item.id, item.synced)
  return plan(trees, ROOMY)
}
