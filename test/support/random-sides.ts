import fc from 'fast-check'
import { treeAfter, type BaseTree, type Change } from './tree-changes.ts'
import type { TwoSides } from './two-sides.ts'

export type Pick = { kind: Change['do']; at: number; into: number; name: string; text: number }

const kind = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Change['do']>('edit') },
  { weight: 2, arbitrary: fc.constant<Change['do']>('create') },
  { weight: 2, arbitrary: fc.constant<Change['do']>('mkdir') },
  { weight: 5, arbitrary: fc.constant<Change['do']>('move') },
  { weight: 2, arbitrary: fc.constant<Change['do']>('delete') },
  { weight: 1, arbitrary: fc.constant<Change['do']>('chmod') },
)
export const pick = (names: string[]): fc.Arbitrary<Pick> =>
  fc.record({ kind, at: fc.nat(), into: fc.nat(), name: fc.constantFrom(...names), text: fc.nat({ max: 999 }) })

/** A tree of folders and files, each below one that came before; no two siblings that any disk takes for one. */
const baseTree = (names: string[]): fc.Arbitrary<BaseTree> =>
  fc
    .array(fc.record({ isFolder: fc.boolean(), into: fc.nat(), name: fc.constantFrom(...names) }), { maxLength: 8 })
    .map((wanted) => {
      const tree: string[] = []
      for (const { isFolder, into, name } of wanted) {
        const path = among(foldersOf(tree), into) + name
        if (/aux|:/.test(name) || tree.some((some) => isTwin(some, path))) continue
        tree.push(isFolder ? `${path}/` : path)
      }
      return tree
    })

const isTwin = (a: string, b: string): boolean => loose(a.replace(/\/$/, '')) === loose(b)
const loose = (path: string): string => path.normalize('NFC').toLowerCase()
const foldersOf = (tree: BaseTree): string[] => ['', ...tree.filter((path) => path.endsWith('/'))]
const among = <T>(some: readonly T[], at: number): T => some[at % some.length]!

/** Changes of what is there then, so that most of them can be made. */
export function changesOf(base: BaseTree, picks: readonly Pick[], by: 'L' | 'R'): Change[] {
  const changes: Change[] = []
  let tree = base
  for (const { kind: what, at, into, name, text } of picks) {
    const path = tree.length > 0 ? among(tree, at).replace(/\/$/, '') : name
    const place = among(foldersOf(tree), into) + name
    const next = ((): Change => {
      switch (what) {
        case 'edit':
          return { do: what, path, text: `${by}${text}` }
        case 'create':
          return { do: what, path: place, text: `${by}${text}` }
        case 'mkdir':
          return { do: what, path: place }
        case 'move':
          return { do: what, from: path, to: place }
        case 'delete':
        case 'chmod':
          return { do: what, path }
      }
    })()
    const isInto = what === 'move' || what === 'create' || what === 'mkdir'
    if (isInto && tree.includes(place)) continue
    if (what === 'move' && `${place}/`.startsWith(`${path}/`)) continue
    changes.push(next)
    tree = treeAfter(tree, next)
  }
  return changes
}

/** A tree, and up to so many changes on each side. */
export const twoSides = (names: string[], length = 6): fc.Arbitrary<TwoSides> =>
  fc
    .record({
      base: baseTree(names),
      local: fc.array(pick(names), { maxLength: length }),
      remote: fc.array(pick(names), { maxLength: length }),
    })
    .map(({ base, local, remote }) => ({
      base,
      local: changesOf(base, local, 'L'),
      remote: changesOf(base, remote, 'R'),
    }))
