import { deepEqual, equal, match, ok } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const NFC = 'caf\u00e9'
const NFD = 'cafe\u0301'

/** Names that one disk takes for the same, and another does not. */
export const NAMES: readonly Scenario[] = [
  {
    id: 'NM-01',
    title:
      'two names that differ in case, on a disk that cannot tell them: one is blocked, and never touched through the other',
    devices: ['linux', 'mac', 'windows', 'mac'],
    async play(stage) {
      await stage.stop(3)
      stage.a.write('A.txt', 'first')
      await stage.settle()
      stage.a.write('a.txt', 'second')
      await stage.settle()
      for (const at of [1, 2]) {
        deepEqual(stage.at(at).tree, ['A.txt=first'])
        deepEqual(stage.at(at).blocked, ['a.txt: name-clash'])
      }
      // Also where both come at once.
      stage.at(3).device.store = stage.at(3).device.newStore()
      stage.start(3)
      await stage.settle()
      deepEqual(stage.at(3).tree, ['A.txt=first'])
      stage.b.write('A.txt', 'edited on mac')
      await stage.settle()
      deepEqual(stage.remote, ['A.txt=edited on mac', 'a.txt=second'])
      const since = stage.since()
      stage.c.remove('A.txt')
      await stage.settle()
      stage.everywhere('a.txt=second')
      deepEqual(since.journal, ['trashed A.txt'])
    },
  },
  {
    id: 'NM-02',
    title: 'two folders that differ in case are not merged, and what is added to the one here goes into that one',
    devices: ['linux', 'mac'],
    async play(stage) {
      stage.a.folders('Docs')
      stage.a.write('Docs/f', 'of Docs')
      await stage.settle()
      stage.a.folders('docs')
      stage.a.write('docs/f', 'of docs')
      await stage.settle()
      deepEqual(stage.b.tree, ['Docs/', 'Docs/f=of Docs'])
      deepEqual(stage.b.blocked, ['docs: name-clash'])
      stage.b.write('docs/g', 'added')
      await stage.settle()
      deepEqual(stage.remote, ['Docs/', 'Docs/f=of Docs', 'Docs/g=added', 'docs/', 'docs/f=of docs'])
      deepEqual(stage.a.tree, stage.remote)
    },
  },
  {
    id: 'NM-04',
    title: 'two normalisations of one name on one disk: the second is blocked, neither is deleted',
    devices: ['linux', 'mac'],
    async play(stage) {
      stage.a.write(NFC, 'composed')
      await stage.settle()
      const since = stage.since()
      stage.a.write(NFD, 'decomposed')
      await stage.settle()
      deepEqual(stage.a.tree, [`${NFD}=decomposed`, `${NFC}=composed`])
      deepEqual(stage.a.blocked, [`${NFD}: name-clash`])
      deepEqual(stage.remote, [`${NFC}=composed`])
      deepEqual(stage.b.tree, [`${NFD}=composed`])
      deepEqual(since.journal, [])
      stage.a.remove(NFC)
      await stage.settle()
      deepEqual(stage.remote, [`${NFC}=decomposed`])
      deepEqual(stage.a.blocked, [])
    },
  },
  {
    id: 'NM-05',
    title: 'only the folder above is spelled otherwise: what is in it is the same thing on both disks',
    devices: ['linux', 'mac'],
    async play(stage) {
      stage.a.folders(NFC, `${NFC}/sub`)
      stage.a.write(`${NFC}/sub/f`, 'one')
      await stage.settle()
      const since = stage.since()
      stage.b.write(`${NFD}/sub/f`, 'from mac')
      stage.b.write(`${NFC}/sub/g`, 'new on mac')
      await stage.settle()
      stage.a.write(`${NFC}/sub/f`, 'from linux')
      await stage.settle()
      const expected = [`${NFC}/`, `${NFC}/sub/`, `${NFC}/sub/f=from linux`, `${NFC}/sub/g=new on mac`]
      deepEqual(stage.remote, expected)
      deepEqual(stage.a.tree, expected)
      deepEqual(
        stage.b.tree,
        expected.map((line) => line.replace(NFC, NFD)),
      )
      equal(since.asked('write-file').length, 3)
      equal(since.asked('create-folder').length, 0)
    },
  },
  {
    id: 'NM-17',
    title:
      'two case variants of a folder, made apart: both live with their children, a disk that cannot tell them shows one',
    devices: ['linux', 'linux', 'mac'],
    async play(stage) {
      await stage.apart(
        (a) => {
          a.folders('Work')
          a.write('Work/a', 'a')
        },
        (b) => {
          b.folders('work')
          b.write('work/b', 'b')
        },
      )
      const expected = ['Work/', 'Work/a=a', 'work/', 'work/b=b']
      deepEqual(stage.remote, expected)
      for (const hand of [stage.a, stage.b]) deepEqual(hand.tree, expected)
      deepEqual(stage.c.tree, ['Work/', 'Work/a=a'])
      deepEqual(stage.c.blocked, ['work: name-clash'])
      stage.a.rename('Work', 'Done')
      await stage.settle()
      deepEqual(stage.c.tree, ['Done/', 'Done/a=a', 'work/', 'work/b=b'])
    },
  },
  {
    id: 'NM-13',
    title: 'a name as long as can be gets a conflicted copy: its stem is cut, its extension and the rest stay',
    devices: ['linux', 'windows'],
    async play(stage) {
      const name = `${'n'.repeat(240)}.numbers.txt`.slice(0, 243) + '.numbers.txt'
      equal(name.length, 255)
      stage.a.write(name, 'one')
      await stage.settle()
      for (const round of ['1', '2'])
        await stage.apart(
          (a) => a.write(name, `${round} from a`),
          (b) => b.write(name, `${round} from b`),
        )
      stage.texts('2 from a', '1 from b', '2 from b')
      const copies = stage.copies.map((line) => line.split('=')[0]!)
      equal(new Set(copies).size, 2)
      for (const copy of copies) {
        ok(Buffer.byteLength(copy) <= 255)
        match(copy, /^nnn.*conflicted copy.*\.txt$/)
      }
    },
  },
]
