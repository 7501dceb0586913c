import { createHash } from 'node:crypto'
import type { PushEntry } from '../../protocol/mutations.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

/** What a client remembers of the tree: mostly true, often old. That is what makes its changes meet others'. */
export type Memory = {
  root: string
  nodes: Map<string, NodeStateWire>
  /** Conflicts that it was told of, by the mutation that met them. */
  conflicts: string[]
  /** The journal's head as it last saw it. */
  seen: number
}

export const emptyMemory = (root: string): Memory => ({ root, nodes: new Map(), conflicts: [], seen: 0 })

/** A random change of a tree with few names, so that clients meet. `dice` in [0, 1) and `id` determine it. */
export function randomEntry(memory: Memory, dice: () => number, id: string): PushEntry {
  const kinds = Object.keys(MAKERS) as (keyof typeof MAKERS)[]
  const weights = kinds.map((kind) => MAKERS[kind].weight)
  let at = dice() * weights.reduce((sum, weight) => sum + weight, 0)
  const kind = kinds.find((_, i) => (at -= weights[i]!) < 0) ?? 'create-folder'
  return MAKERS[kind].make(memory, dice, id) ?? MAKERS['create-folder'].make(memory, dice, id)!
}

/** Some changes that are sent together; what one makes is often where the next one goes. */
export function randomBatch(memory: Memory, dice: () => number, ids: readonly string[]): PushEntry[] {
  const made: string[] = []
  return ids.map((id) => {
    const entry = randomEntry(memory, dice, id)
    const madeBy = dice() < 0.4 ? pick(dice, made) : undefined
    if (entry.kind === 'create-folder') made.push(id)
    return madeBy === undefined ? entry : intoMade(entry, { madeBy })
  })
}

function intoMade(entry: PushEntry, parent: { madeBy: string }): PushEntry {
  switch (entry.kind) {
    case 'create-folder':
      return { ...entry, parent }
    case 'write':
    case 'symlink':
      return 'parent' in entry.target ? { ...entry, target: { ...entry.target, parent } } : entry
    case 'move':
    case 'copy':
      return { ...entry, to: { ...entry.to, parent } }
    default:
      return entry
  }
}

const NAMES = ['a', 'b', 'c', 'd', 'e.txt', 'f.txt']

const pick = <T>(dice: () => number, from: readonly T[]): T | undefined => from[Math.floor(dice() * from.length)]
const all = ({ nodes }: Memory, kind?: NodeStateWire['kind']) =>
  [...nodes.values()].filter((node) => kind === undefined || node.kind === kind)
const folderIn = (memory: Memory, dice: () => number): string =>
  dice() < 0.3 ? memory.root : (pick(dice, all(memory, 'folder'))?.id ?? memory.root)
const place = (memory: Memory, dice: () => number) => ({ parent: folderIn(memory, dice), name: pick(dice, NAMES)! })
/** Mostly what it remembers, sometimes older, sometimes not told. */
const base = (dice: () => number, known: number): number | null =>
  dice() < 0.7 ? known : dice() < 0.5 ? Math.max(0, known - 1) : null
const placementBase = (dice: () => number, known: number): number | null => {
  const told = base(dice, known)
  return told === null ? null : Math.max(1, told)
}
const seenBy = ({ seen }: Memory, dice: () => number): number | null =>
  dice() < 0.7 ? Math.max(0, seen - Math.floor(dice() * 6)) : null

/** A file's bytes, inline. */
export function textOf(text: string) {
  const bytes = Buffer.from(text)
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    content: { inline: bytes.toString('base64') },
  }
}

type Maker = { weight: number; make(memory: Memory, dice: () => number, id: string): PushEntry | null }

const MAKERS: Record<PushEntry['kind'], Maker> = {
  'create-folder': {
    weight: 3,
    make: (memory, dice, id) => ({
      id,
      kind: 'create-folder',
      ...place(memory, dice),
      ifExists: dice() < 0.5 ? 'keep' : 'fail',
    }),
  },
  write: {
    weight: 5,
    make(memory, dice, id) {
      const node = dice() < 0.6 ? pick(dice, all(memory, 'file')) : undefined
      // Some texts come again, so that equal contents meet too.
      const text = dice() < 0.2 ? 'the same' : `${id} ${'x'.repeat(Math.floor(dice() * 40))}`
      return {
        id,
        kind: 'write',
        target: node ? { node: node.id } : place(memory, dice),
        base: node ? (base(dice, node.contentRevision) ?? 0) : 0,
        ...textOf(text),
        executable: dice() < 0.2,
      }
    },
  },
  symlink: {
    weight: 1,
    make(memory, dice, id) {
      const target = place(memory, dice)
      return { id, kind: 'symlink', target, base: Math.floor(dice() * 2), linkTarget: `../${pick(dice, NAMES)}` }
    },
  },
  move: {
    weight: 5,
    make(memory, dice, id) {
      const node = pick(dice, all(memory))
      if (!node) return null
      const ifExists = dice() < 0.4 ? 'fail' : dice() < 0.6 ? 'keep-both' : 'replace'
      const asked = { to: place(memory, dice), base: placementBase(dice, node.placementRevision) }
      return { id, kind: 'move', node: node.id, ...asked, ifExists, seen: seenBy(memory, dice) }
    },
  },
  copy: {
    weight: 2,
    make(memory, dice, id) {
      const node = pick(dice, all(memory))
      if (!node) return null
      const revision = node.kind === 'file' && dice() < 0.3 ? Math.max(1, node.contentRevision - 1) : null
      const ifExists = dice() < 0.5 ? 'fail' : 'keep-both'
      return { id, kind: 'copy', node: node.id, to: place(memory, dice), revision, ifExists }
    },
  },
  trash: {
    weight: 3,
    make(memory, dice, id) {
      const node = pick(dice, all(memory))
      if (!node) return null
      const told = node.kind === 'folder' ? null : base(dice, node.contentRevision)
      return { id, kind: 'trash', node: node.id, base: told, seen: seenBy(memory, dice) }
    },
  },
  restore: {
    weight: 2,
    make(memory, dice, id) {
      const node = pick(dice, all(memory))
      return node ? { id, kind: 'restore', node: node.id, to: dice() < 0.3 ? place(memory, dice) : null } : null
    },
  },
  purge: {
    weight: 1,
    make(memory, dice, id) {
      const node = pick(dice, all(memory))
      return node ? { id, kind: 'purge', node: node.id } : null
    },
  },
  'set-attributes': {
    weight: 2,
    make(memory, dice, id) {
      const node = pick(dice, all(memory))
      if (!node) return null
      const policy = pick(dice, ['keep-both', 'newest-wins', 'manual', null] as const)!
      return {
        id,
        kind: 'set-attributes',
        node: node.id,
        mtimeNs: `${Math.floor(dice() * 1e9)}`,
        properties: { [pick(dice, NAMES)!]: dice() < 0.3 ? null : id },
        ...(node.kind === 'folder' && dice() < 0.5 ? { conflictPolicy: policy } : {}),
        ...(node.kind === 'file' ? { executable: dice() < 0.5 } : {}),
      }
    },
  },
  'restore-version': {
    weight: 1,
    make(memory, dice, id) {
      const node = pick(dice, all(memory, 'file'))
      if (!node) return null
      const revision = 1 + Math.floor(dice() * node.contentRevision)
      return { id, kind: 'restore-version', node: node.id, revision, base: base(dice, node.contentRevision) }
    },
  },
  'label-version': {
    weight: 1,
    make(memory, dice, id) {
      const node = pick(dice, all(memory, 'file'))
      if (!node) return null
      const revision = 1 + Math.floor(dice() * node.contentRevision)
      return { id, kind: 'label-version', node: node.id, revision, label: dice() < 0.3 ? null : 'kept' }
    },
  },
  'resolve-conflict': {
    weight: 2,
    make(memory, dice, id) {
      const conflict = pick(dice, memory.conflicts)
      if (!conflict) return null
      const choice = pick(dice, ['mine', 'theirs', 'both', 'merged'] as const)!
      return { id, kind: 'resolve-conflict', conflict, choice, base: null }
    },
  },
}
