import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ignoreRules } from './ignore.ts'

const rules = (text = '') => ignoreRules(text, { isCaseSensitive: true })

describe('built-in rules', () => {
  test('AS-03: what editors and systems leave beside files is ignored, at every depth', () => {
    for (const path of [
      '~$report.docx',
      'a/b/~$plan.xlsx',
      '.~lock.report.odt#',
      'd/.notes.txt.swp',
      '.x.swo',
      '.nfs000000000001',
      '.fuse_hidden0000aa1200000001',
      '.goutputstream-AB12CD',
      'd/.DS_Store',
      'Thumbs.db',
    ])
      expect(rules().isIgnored(path, 'file'), path).toBe(true)
  })

  test('AS-03, NM-16: files of a person that look a little alike are not', () => {
    for (const path of [
      '~$',
      '$report.docx',
      'report~',
      'notes.swp',
      '.swp',
      'a.tmp',
      'a.bak',
      '.hidden',
      '.#f',
      '.nfs',
      'DS_Store',
      '.bitvault-mine',
      'd/.bitvault',
    ])
      expect(rules().isIgnored(path, 'file'), path).toBe(false)
  })

  test('AS-03: the lock link of Emacs is ignored, a file of that name is not', () => {
    expect(rules().isIgnored('d/.#f', 'symlink')).toBe(true)
    expect(rules().isIgnored('d/.#f', 'file')).toBe(false)
  })

  test('AS-03: where there are no others, most paths are told by how their names begin, and none otherwise than by the rules', () => {
    // This one speaks of nothing, and makes that all rules are asked.
    const asked = ignoreRules('/no/such/file\n', { isCaseSensitive: false })
    const quick = ignoreRules('# a comment\n\n', { isCaseSensitive: false })
    const beginning = fc.constantFrom(
      '',
      '.',
      '~$',
      '.~lock.',
      'Thumbs',
      'thumbs.DB',
      'DESKTOP.ini',
      'x.DS_Store',
      '.#',
      '.nfs',
    )
    const ending = fc.constantFrom(
      '',
      'docx',
      'r.docx',
      '.swp',
      '#',
      '0123456789',
      '.db',
      'goutputstream-AAAAAA',
      '\u017F',
    )
    const name = fc.tuple(beginning, fc.string({ maxLength: 3 }), ending).map((parts) => parts.join(''))
    const isName = (one: string): boolean => !['', '.', '..'].includes(one) && !/[/\\]/.test(one)
    const path = fc.array(name.filter(isName), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
    const kind = fc.constantFrom('file' as const, 'folder' as const, 'symlink' as const)
    fc.assert(
      fc.property(path, kind, (at, of) => {
        expect(quick.isIgnored(at, of)).toBe(asked.isIgnored(at, of))
      }),
      { numRuns: 2_000 },
    )
  })

  test('a line of the person takes a built-in rule back', () => {
    expect(rules('!.DS_Store').isIgnored('.DS_Store', 'file')).toBe(false)
  })
})

describe('.bitvaultignore', () => {
  test('gitignore syntax: folders, anchors, globs, negation, comments', () => {
    const own = rules('# build\nnode_modules/\n/top.txt\n*.log\n!keep.log\ndocs/**/draft-?.md\n')
    const ignored = (path: string, kind: 'file' | 'folder' = 'file') => own.isIgnored(path, kind)
    expect(ignored('a/node_modules', 'folder')).toBe(true)
    expect(ignored('a/node_modules')).toBe(false)
    expect(ignored('a/node_modules/x/y.js')).toBe(true)
    expect(ignored('top.txt')).toBe(true)
    expect(ignored('a/top.txt')).toBe(false)
    expect(ignored('a/b.log')).toBe(true)
    expect(ignored('a/keep.log')).toBe(false)
    expect(ignored('docs/a/b/draft-1.md')).toBe(true)
    expect(ignored('# build')).toBe(false)
  })

  test('case counts where the disk tells it apart', () => {
    expect(ignoreRules('*.LOG', { isCaseSensitive: true }).isIgnored('a.log', 'file')).toBe(false)
    expect(ignoreRules('*.LOG', { isCaseSensitive: false }).isIgnored('a.log', 'file')).toBe(true)
  })

  test('names that only look like ways up are names', () => {
    for (const path of ['...', '..a', 'a/..b', ' lead', 'trail ', 'back\\slash', '!bang', '#hash'])
      expect(rules('*.log').isIgnored(path, 'file'), path).toBe(false)
  })

  test('the answer stays the same when the memory of paths is renewed', () => {
    const own = rules('*.log')
    for (let i = 0; i < 10_000; i++) expect(own.isIgnored(`d/${i}.${i % 2 ? 'log' : 'txt'}`, 'file')).toBe(i % 2 === 1)
  })
})
