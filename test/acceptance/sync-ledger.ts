import { createHash } from 'node:crypto'

export type Hash = string
export const hashOf = (bytes: Uint8Array): Hash => createHash('sha256').update(bytes).digest('hex')
/** Bytes that are there again as soon as somebody asks for them; and what a file holds between its opening and its first byte. */
export const EMPTY = hashOf(new Uint8Array(0))

/** Each path with the hash of its bytes; a folder, which ends with a slash, with nothing. */
export type Tree = Readonly<Record<string, Hash>>

export type Found = {
  /** By the name of who has it. All are to be the same. */
  trees: Readonly<Record<string, Tree>>
  /** What can be had from the server: present, as an earlier version, in the trash, in a conflict. */
  held: ReadonlySet<Hash>
  /** In the safety trashes of the devices. */
  aside: ReadonlySet<Hash>
}

type Saved = { who: string; where: string; removedBy: Set<string>; mayBeRemoved: boolean; mayBeAside: boolean }

const SHOWN = 12

/**
 * What people have saved and done away with, kept outside of everything that is tested. No two saves have the same bytes, so from it follows what has to be
 * there in the end:
 *
 * - what nobody has done away with is in the tree, which is everybody's;
 * - what the server was once seen to hold can be had for ever, whoever does away with it (I2);
 * - so can what somebody else than its writer has done away with: it had come there by the server;
 * - only what its writer has overwritten or deleted himself, and nobody has seen on the server, may be gone;
 * - what nobody has saved is not there (I4).
 */
export class SyncLedger {
  readonly #saved = new Map<Hash, Saved>()
  readonly #acknowledged = new Set<Hash>()

  get size(): number {
    return this.#saved.size
  }

  /** @param where only for complaints */
  saved(hash: Hash, who: string, where: string): void {
    if (this.#saved.has(hash)) throw new Error(`${hash} was saved before: two saves are to differ`)
    this.#saved.set(hash, { who, where, removedBy: new Set(), mayBeRemoved: false, mayBeAside: false })
  }

  /** Somebody had the file open to write when its name was given to another: his bytes are kept, but maybe not under that name. */
  savedAside(hash: Hash): void {
    const known = this.#saved.get(hash)
    if (known) known.mayBeAside = true
  }

  /** He has overwritten or deleted it. */
  removed(hash: Hash, who: string): void {
    this.#saved.get(hash)?.removedBy.add(who)
  }

  /** He did away with something that came in the moment before, and nobody knows what: it may be anything that others had saved. */
  removedUnseen(who: string): void {
    for (const saved of this.#saved.values()) if (saved.who !== who) saved.mayBeRemoved = true
  }

  acknowledged(hashes: Iterable<Hash>): void {
    for (const hash of hashes) this.#acknowledged.add(hash)
  }

  /** Where trees are not the same, each in one line. */
  differences(trees: Found['trees']): string[] {
    const [first, ...others] = Object.entries(trees)
    if (first === undefined) throw new Error('no tree was looked at')
    return others.flatMap((other) => differences(first, other))
  }

  /** What is not as it has to be, each in one line; none: all is well. */
  complaints({ trees, held, aside }: Found): string[] {
    const all = Object.entries(trees)
    const live = new Set(all.flatMap(([, tree]) => Object.values(tree)))
    const reachable = (hash: Hash): boolean => live.has(hash) || held.has(hash) || aside.has(hash)
    return [
      ...this.differences(trees),
      ...all.flatMap(([name, tree]) => this.#unknownIn(name, tree)),
      ...[...this.#acknowledged].filter((hash) => !held.has(hash)).map((hash) => `the server had ${this.#text(hash)}`),
      ...[...this.#saved.keys()].flatMap((hash) =>
        this.#missing(hash, { isLive: live.has(hash), isThere: reachable(hash) }),
      ),
    ]
  }

  #missing(hash: Hash, { isLive, isThere }: { isLive: boolean; isThere: boolean }): string[] {
    const saved = this.#saved.get(hash)!
    if (!isThere) return this.#mayBeGone(hash, saved) ? [] : [`lost: ${this.#text(hash)}`]
    if (isLive || saved.removedBy.size > 0 || saved.mayBeRemoved || saved.mayBeAside) return []
    return [`nobody deleted it, and it is in no folder: ${this.#text(hash)}`]
  }

  #mayBeGone(hash: Hash, { who, removedBy }: Saved): boolean {
    return hash === EMPTY || (removedBy.size === 1 && removedBy.has(who) && !this.#acknowledged.has(hash))
  }

  #unknownIn(name: string, tree: Tree): string[] {
    return Object.entries(tree)
      .filter(([path, hash]) => !path.endsWith('/') && hash !== EMPTY && !this.#saved.has(hash))
      .map(([path]) => `nobody ever saved what ${name} has at ${path}`)
  }

  #text(hash: Hash): string {
    const saved = this.#saved.get(hash)
    if (saved === undefined) return hash
    const removed = saved.removedBy.size > 0 ? `, removed by ${[...saved.removedBy].join(' and ')}` : ''
    return `${hash.slice(0, 12)} saved by ${saved.who} at ${saved.where}${removed}`
  }
}

function differences([name, tree]: [string, Tree], [otherName, other]: [string, Tree]): string[] {
  const paths = [...new Set([...Object.keys(tree), ...Object.keys(other)])]
  const found = paths
    .filter((path) => tree[path] !== other[path])
    .map(
      (path) =>
        `${path}: ${tree[path]?.slice(0, 12) ?? 'nothing'} (${name}), ${other[path]?.slice(0, 12) ?? 'nothing'} (${otherName})`,
    )
  return found.length > SHOWN ? [...found.slice(0, SHOWN), `and ${found.length - SHOWN} more differences`] : found
}
