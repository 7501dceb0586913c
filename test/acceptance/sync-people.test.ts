import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { seededDice } from '../faults/dice.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { hashOf, SyncLedger } from './sync-ledger.ts'
import { SyncPerson } from './sync-people.ts'

const TRIES = 50_000

/** The ledger knows of all that a person leaves in a folder, whatever others do to the folder in the same moment. */
test('a save that is cut off because its folder is moved leaves nothing that the ledger does not know', async () => {
  const root = await temporaryFolder()
  const [folder, moved] = [join(root, 'folder'), join(root, 'moved')]
  const ledger = new SyncLedger()
  const person = new SyncPerson({ name: 'anna', root, ledger, dice: seededDice(1), tag: 'cut off' })
  mkdirSync(folder)
  person.create(join(folder, 'f'), 100)

  const ending = new Int32Array(new SharedArrayBuffer(4))
  const workerData = { ending, names: [folder, moved] }
  const mover = new Worker(new URL('./moves-a-folder.ts', import.meta.url), { workerData })
  await once(mover, 'online')
  for (let i = 0; i < TRIES && filesIn(folder) < 10; i++) unlessMoved(() => person.saveAtomic(join(folder, 'f')))
  Atomics.store(ending, 0, 1)
  Atomics.notify(ending, 0)
  await once(mover, 'exit')

  const files = readdirSync(folder)
  expect(files.length).toBeGreaterThan(1)
  const tree = Object.fromEntries(files.map((name) => [name, hashOf(readFileSync(join(folder, name)))]))
  expect(ledger.complaints({ trees: { anna: tree }, held: new Set(), aside: new Set() })).toEqual([])
  rmSync(root, { recursive: true })
})

const filesIn = (folder: string): number => unlessMoved(() => readdirSync(folder).length) ?? 0

function unlessMoved<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOENT')
    return null
  }
}
