import { deepEqual, equal } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** Answers that come late, never, twice, or say the contrary of what was done. */
export const ANSWERS: readonly Scenario[] = [
  {
    id: 'NW-01',
    title:
      'sent, its answer lost, edited meanwhile: the retry gives the same version, and nothing conflicts with itself',
    async play(stage) {
      stage.a.write('old', 'old 1')
      await stage.settle()
      stage.befalls(0, 'upload', { do: 'reply-lost' })
      stage.when(0, 'before upload-reply', () => {
        stage.a.write('old', 'old 3')
        stage.a.write('new', 'new 2')
      })
      stage.a.write('old', 'old 2')
      stage.a.write('new', 'new 1')
      await stage.settle()
      stage.everywhere('new=new 2', 'old=old 3')
      deepEqual(stage.versions('old'), ['old 1', 'old 2', 'old 3'])
      deepEqual(stage.versions('new'), ['new 1', 'new 2'])
      equal(stage.world.cloud.state.conflicts.size, 0)
    },
  },
  {
    id: 'NW-02',
    title: 'a delete is done and its answer lost, the person makes it anew: the retry does not delete the new file',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const before = stage.idAt('f')
      stage.befalls(0, 'push', { do: 'reply-lost' })
      stage.when(0, 'before push-reply', () => stage.a.write('f', 'made anew'))
      stage.a.remove('f')
      await stage.settle()
      stage.everywhere('f=made anew')
      // Another device has seen it go, and come.
      stage.b.write('f', 'edited')
      await stage.settle()
      stage.everywhere('f=edited')
      equal(stage.world.cloud.state.nodes.get(before as never)?.trashedAt === undefined, false)
    },
  },
  {
    id: 'NW-04',
    title: 'the answer for one version comes when the next is there already: what is agreed on never goes back',
    async play(stage) {
      stage.a.write('f', '1')
      await stage.settle()
      const revisions: number[] = []
      stage.whenever(0, 'before upload-reply', () => {
        if (stage.versions('f').length < 6)
          stage.server('web-edit', { path: 'f', bytes: 7, size: 3 + revisions.length })
        revisions.push(stage.a.device.store.items.get(stage.idAt('f') as never)!.synced!.contentRevision)
      })
      stage.a.write('f', '2')
      await stage.pass(30_000)
      stage.a.write('f', '4')
      await stage.settle()
      deepEqual(revisions, revisions.toSorted())
      equal(stage.world.cloud.state.conflicts.size, 0)
      stage.everywhere(`f=${stage.versions('f').at(-1)}`)
    },
  },
  {
    id: 'NW-10',
    title: 'a delete is answered by a gateway with 504 and runs to its end: it is looked at again, and done once',
    async play(stage) {
      stage.a.folders('d')
      for (const name of ['d/f', 'd/g']) stage.a.write(name, name)
      await stage.settle()
      const since = stage.since()
      stage.befalls(0, 'push', { do: 'refuse', code: 'busy', applied: true })
      stage.a.person.removeTree('d')
      await stage.pass(2_000)
      // While nobody knows what became of it, something new is there.
      stage.a.folders('d')
      stage.a.write('d/h', 'new')
      await stage.settle()
      stage.everywhere('d/', 'd/h=new')
      equal(since.journal.filter((line) => line.startsWith('trashed')).length, 1)
    },
  },
  {
    id: 'NW-14',
    title: 'a rename comes once more, long after the next one: it does nothing; an edit meets the name of its day',
    async play(stage) {
      stage.a.write('f', 'one')
      await stage.settle()
      const before = stage.idAt('f')
      stage.befalls(0, 'push', { do: 'twice' })
      stage.a.rename('f', 'g')
      await stage.pass(1_000)
      stage.a.rename('g', 'h')
      await stage.pass(2_000)
      stage.a.write('h', 'two')
      await stage.pass(2_000)
      stage.everywhere('h=two')
      await stage.pass(60_000)
      stage.everywhere('h=two')
      equal(stage.idAt('h'), before)
      // An edit that overtakes a rename: they do not get in each other's way.
      stage.befalls(0, 'push', { do: 'request-lost' })
      stage.a.rename('h', 'i')
      await stage.pass(300)
      stage.server('web-edit', { path: 'h', bytes: 3, size: 3 })
      await stage.settle()
      stage.everywhere('i=c3.')
      equal(stage.idAt('i'), before)
    },
  },
]
