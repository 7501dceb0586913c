import { deepEqual, equal, match } from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const made = (stage: Parameters<Scenario['play']>[0], ...names: string[]): void => {
  for (const [at, name] of names.entries()) stage.server('web-create', { path: '', to: name, bytes: 100 + at, size: 5 })
}

/** Names that some system cannot hold, or that look like ours. */
export const NAMES_HARD: readonly Scenario[] = [
  {
    id: 'NM-07',
    title: 'a name with an end or a character that Windows refuses is blocked there, and the character is shown',
    devices: ['linux', 'windows'],
    async play(stage) {
      const since = stage.since()
      made(stage, 'end.', 'space ', 'what?', 'fine')
      await stage.settle()
      deepEqual(stage.b.tree, ['fine=c103.'])
      equal(stage.a.tree.length, 4)
      match(stage.b.why('end.'), /ends in "\."/)
      match(stage.b.why('space '), /ends in " "/)
      match(stage.b.why('what?'), /holds "\?"/)
      deepEqual(
        since.journal.filter((line) => !line.startsWith('created')),
        [],
      )
      stage.a.rename('what?', 'what')
      await stage.settle()
      equal(stage.b.read('what'), 'c102.')
    },
  },
  {
    id: 'NM-08',
    title: 'names of devices are blocked on Windows with and without an extension, names that only look so are not',
    devices: ['linux', 'windows'],
    async play(stage) {
      made(stage, 'CON', 'aux.txt', 'NUL', 'CONSOLE.txt', 'com1.log', 'com10.log')
      await stage.settle()
      deepEqual(stage.b.tree, ['CONSOLE.txt=c103.', 'com10.log=c105.'])
      deepEqual(
        stage.b.blocked,
        ['CON', 'NUL', 'aux.txt', 'com1.log'].map((name) => `${name}: name-not-possible`),
      )
      equal(stage.a.tree.length, 6)
    },
  },
  {
    id: 'NM-10',
    title: 'a hint for the short name of a folder is no delete of the long one',
    devices: ['windows', 'linux'],
    async play(stage) {
      stage.a.folders('Long folder name', 'twin~')
      stage.a.write('Long folder name/f', 'f')
      stage.a.write('twin~/g', 'g')
      await stage.settle()
      const since = stage.since()
      for (const hint of ['LONGFO~1', 'LONGFO~1/f', 'TWIN~1', 'twin']) stage.a.device.tree.onChange(hint)
      await stage.settle()
      deepEqual(since.journal, [])
      stage.everywhere('Long folder name/', 'Long folder name/f=f', 'twin~/', 'twin~/g=g')
    },
  },
  {
    id: 'NM-11',
    title: 'the longest path that Windows has comes there, whatever our own names are; one unit more is blocked',
    devices: ['linux', 'windows'],
    async play(stage) {
      stage.a.folders('d'.repeat(200))
      const [fits, tooLong] = ['f'.repeat(59), 'g'.repeat(60)]
      for (const name of [fits, tooLong]) stage.a.write(`${'d'.repeat(200)}/${name}`, name)
      await stage.settle()
      deepEqual(stage.b.tree, [`${'d'.repeat(200)}/`, `${'d'.repeat(200)}/${fits}=${fits}`])
      deepEqual(stage.b.blocked, [`${tooLong}: path-too-long`])
      stage.a.write(`${'d'.repeat(200)}/${fits}`, 'edited')
      await stage.settle()
      equal(stage.b.read(`${'d'.repeat(200)}/${fits}`), 'edited')
      stage.a.rename('d'.repeat(200), 'd')
      await stage.settle()
      stage.everywhere('d/', `d/${fits}=edited`, `d/${tooLong}=${tooLong}`)
    },
  },
  {
    id: 'NM-14',
    title: 'a name that is no UTF-8, or holds a control character, stays here, is told, and is not sent under another',
    async play(stage) {
      const since = stage.since()
      stage.a.person.badName('', 'raw', Buffer.from('bytes'))
      stage.a.write('bell\u0007', 'ding')
      stage.a.write('fine', 'fine')
      await stage.settle()
      deepEqual(stage.remote, ['fine=fine'])
      deepEqual(stage.a.blocked, ['bell\u0007: not-utf8', 'raw\uFFFDff: not-utf8'])
      equal(stage.a.tree.length, 3)
      equal(since.asked('write-file').length, 1)
      stage.a.rename('bell\u0007', 'bell')
      await stage.settle()
      deepEqual(stage.remote, ['bell=ding', 'fine=fine'])
    },
  },
  {
    id: 'NM-16',
    title: 'names that begin with a dot, or look like ours, are the person’s own and are synced',
    devices: ['linux', 'mac'],
    async play(stage) {
      stage.a.folders('.hidden', 'sub', 'sub/.bitvault', 'tmp')
      const files = [
        '.env',
        '.hidden/f',
        'sub/.bitvault/root',
        '.bitvault-moving-x',
        '.bitvault-0-1-2.part',
        'tmp/t0',
        'root',
        'a (conflicted copy from device 0, 2023-11-14 22.13)',
        '.bitvaultignore~',
      ]
      for (const file of files) stage.a.write(file, file)
      await stage.settle()
      stage.everywhere('.hidden/', 'sub/', 'sub/.bitvault/', 'tmp/', ...files.map((file) => `${file}=${file}`))
      stage.b.rename('.bitvault-moving-x', '.bitvault-moving-y')
      stage.b.remove('.bitvault-0-1-2.part')
      await stage.settle()
      equal(stage.a.read('.bitvault-moving-y'), '.bitvault-moving-x')
      equal(stage.a.read('.bitvault-0-1-2.part'), null)
    },
  },
]
