import type { MutationId, NodeId, SessionId } from '../../../core/ids.ts'
import type { Actor, Mutation, NodeState, Outcome } from '../../../core/namespace/model.ts'
import type { PushEntry } from '../../../protocol/mutations.ts'
import { toMutation } from '../../proofs/to-mutation.ts'
import { ROOT, uuidOf } from '../cloud.ts'
import type { Dice } from '../dice.ts'
import { errnoOf } from '../life.ts'
import { bytesOf } from '../script.ts'
import type { World } from '../world.ts'
import { someName, type ServerMove, type Told } from './move-kind.ts'

/** The index of the account that people use in the browser. */
export const WEB = 900

export const webActor = (world: World): Actor => {
  const actor = { userId: uuidOf(3, WEB), sessionId: uuidOf(4, WEB) as SessionId } as Actor
  if (!world.cloud.state.sessions.has(actor.sessionId)) world.cloud.addDevice(WEB, 'web')
  return actor
}

type At = { world: World; dice: Dice }

const someNode = ({ world, dice }: At, wanted: (node: NodeState) => boolean = () => true): NodeState | null =>
  dice.pickOrNull(
    world.cloud
      .live()
      .map(({ node }) => node)
      .filter(wanted),
  )
const someFolder = ({ world, dice }: At): NodeId =>
  dice.pick([
    ROOT,
    ...world.cloud
      .live()
      .filter(({ node }) => node.kind === 'folder')
      .map(({ node }) => node.id),
  ])
const trashed = ({ world, dice }: At): NodeState | null =>
  dice.pickOrNull(
    [...world.cloud.state.nodes.values()].filter(
      ({ trashedAt, id }) => trashedAt !== null && !world.cloud.state.purged.has(id),
    ),
  )
const isFile = ({ kind }: NodeState): boolean => kind === 'file'
const ofNode = (node: NodeState | null, more: () => Partial<Told> = () => ({})): Told | null =>
  node === null ? null : { path: node.id, ...more() }
const newBytes = (world: World): Partial<Told> => ({ bytes: ++world.lastBytes, size: 18 })

/** What people do in the browser. They see the present state: nothing that they do is stale. */
export const WEB_MOVES: Record<string, ServerMove> = {
  'web-create': {
    group: 'web',
    weight: 4,
    propose: (at) => ({ path: someFolder(at), to: someName(null, at.dice), ...newBytes(at.world) }),
    perform: (world, { path, to, bytes, size }) => {
      const entry = { kind: 'write', target: { parent: path, name: to }, base: 0, executable: false } as const
      writes(world, entry, { bytes: bytes!, size: size! })
    },
  },
  'web-edit': {
    group: 'web',
    weight: 7,
    propose: (at) => ofNode(someNode(at, isFile), () => newBytes(at.world)),
    perform: (world, { path, bytes, size, n }) => {
      const { contentRevision, executable } = nodeAt(world, path)
      // `n`: the revision that was loaded, by a page that was open for long (EE-11).
      const entry = { kind: 'write', target: { node: path }, base: n ?? contentRevision, executable } as const
      writes(world, entry, { bytes: bytes!, size: size! })
    },
  },
  'web-make-folder': {
    group: 'web',
    weight: 3,
    propose: (at) => ({ path: someFolder(at), to: someName(null, at.dice) }),
    perform: (world, { path, to }) =>
      does(world, { kind: 'create-folder', parent: path!, name: to!, ifExists: 'fail' }),
  },
  'web-rename': {
    group: 'web',
    weight: 5,
    propose: (at) => ofNode(someNode(at), () => ({ to: someName(null, at.dice) })),
    perform: (world, { path, to }) => moves(world, path!, { parent: nodeAt(world, path).parentId!, name: to! }),
  },
  'web-move': {
    group: 'web',
    weight: 5,
    propose: (at) => ofNode(someNode(at), () => ({ to: someFolder(at) })),
    perform: (world, { path, to }) => moves(world, path!, { parent: to!, name: nodeAt(world, path).name }),
  },
  'web-trash': {
    group: 'web',
    weight: 6,
    propose: (at) => ofNode(someNode(at)),
    perform: (world, { path }) => {
      world.rules.removesOnServer(nodeAt(world, path))
      does(world, { kind: 'trash', node: path!, base: null, seen: null })
    },
  },
  'web-restore': {
    group: 'web',
    weight: 4,
    propose: (at) => ofNode(trashed(at)),
    perform: (world, { path }) => {
      does(world, { kind: 'restore', node: path!, to: null })
      world.rules.restores(path as NodeId)
    },
  },
  'web-restore-version': {
    group: 'web',
    weight: 2,
    propose: (at) => {
      const node = someNode(at, ({ kind, contentRevision }) => kind === 'file' && contentRevision > 1)
      return ofNode(node, () => ({ n: 1 + at.dice.int(node!.contentRevision - 1) }))
    },
    perform: (world, { path, n }) => {
      does(world, { kind: 'restore-version', node: path!, revision: n!, base: null })
      world.rules.restores(path as NodeId)
    },
  },
  'web-purge': {
    group: 'web',
    weight: 1,
    propose: (at) => ofNode(trashed(at)),
    perform: (world, { path }) => emptiesTrash(world, path!),
  },
  'web-copy': {
    group: 'web',
    weight: 1,
    propose: (at) => ofNode(someNode(at, isFile), () => ({ to: someFolder(at), choice: someName(null, at.dice) })),
    perform: (world, { path, to, choice }) => {
      does(world, { kind: 'copy', node: path!, to: { parent: to!, name: choice! }, revision: null, ifExists: 'fail' })
      world.rules.copies(nodeAt(world, path))
    },
  },
  'web-executable': {
    group: 'web',
    weight: 1,
    propose: (at) => ofNode(someNode(at, isFile), () => ({ n: at.dice.int(2) })),
    perform: (world, { path, n }) => does(world, { kind: 'set-attributes', node: path!, executable: n === 1 }),
  },
  'web-resolve': {
    group: 'web',
    weight: 2,
    propose: ({ world, dice }) => {
      const open = [...world.cloud.state.conflicts.values()].filter(({ resolution }) => resolution === null)
      const conflict = dice.pickOrNull(open)
      return conflict && { path: conflict.id, choice: dice.pick(['mine', 'theirs', 'both']) }
    },
    perform: (world, { path, choice }) => {
      const { copy, original } = world.cloud.state.conflicts.get(path as MutationId) ?? {}
      if (original) world.rules.restores(original)
      if (copy && choice !== 'both') world.rules.removesOnServer(world.cloud.state.nodes.get(copy)!)
      does(world, { kind: 'resolve-conflict', conflict: path!, choice: choice as 'mine', base: null })
    },
  },
}

/** Of one thing in it. */
export function emptiesTrash(world: World, node: string): void {
  world.rules.purges(node as NodeId)
  does(world, { kind: 'purge', node })
}

function nodeAt(world: World, id: string | undefined): NodeState {
  const node = world.cloud.state.nodes.get(id as NodeId)
  if (!node) throw errnoOf('ENOENT')
  return node
}

type Asked = PushEntry extends infer E ? (E extends PushEntry ? Omit<E, 'id'> : never) : never

/** @throws whatever it was refused with */
function does(world: World, asked: Asked): Outcome {
  const id = uuidOf(6, ++world.lastWebMutation)
  const mutation: Mutation = toMutation({ ...asked, id } as PushEntry, webActor(world))
  const outcome = world.cloud.commit([mutation])[0]!
  if (outcome.outcome === 'rejected') throw errnoOf(outcome.code)
  return outcome
}

const moves = (world: World, node: string, to: { parent: string; name: string }): void =>
  void does(world, { kind: 'move', node, to, base: null, ifExists: 'fail', seen: null })

function writes(world: World, asked: object, told: { bytes: number; size: number }): void {
  const bytes = bytesOf(told.bytes, told.size)
  world.rules.saves(bytes)
  does(world, {
    ...asked,
    size: bytes.length,
    sha256: '',
    content: { inline: Buffer.from(bytes).toString('base64') },
  } as Asked)
}
