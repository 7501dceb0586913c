import type { Abilities } from '../../core/reconcile/abilities.ts'
import type { Mass } from '../../core/reconcile/device.ts'
import type { Item, ItemId, LocalState, RemoteState, Stamp, SyncedState, Trees } from '../../core/reconcile/item.ts'
import type { MutationId, NodeId, Sha256 } from '../../core/ids.ts'
import type { ChunkedContent } from '../content/describe-content.ts'
import type { FileInit, MutationResult, NodeStateWire } from '../../protocol/files.ts'
import type { PushEntry } from '../../protocol/mutations.ts'

/**
 * Everything that the sync engine touches. Real: client/node/sync (disk, SQLite), client/sync/http-remote.ts. Simulated: test/sim, where each call
 * is a numbered place to crash at. The engine reads no clock, throws no dice and opens no file but through these.
 */

/** A path inside the root: names joined by `/`; '' is the root itself. Exactly as the disk spells it. */
export type LocalPath = string

export type DiskEntry = {
  name: string
  kind: 'file' | 'folder' | 'symlink' | 'special'
  stamp: Stamp
  executable: boolean
  /**
   * `not-utf8`: the name is shown with its bytes escaped behind U+FFFD, and no call takes it. `mount`: another file system begins here;
   * what is below is unknown (RT-03), and no call goes there.
   */
  fault?: 'not-utf8' | 'mount'
}

/**
 * A folder that is to be listed. `seen`: how the folder above has shown it; `null`: it has not. `digest`: of what was in it when it was listed last
 * (listing.ts), where that is known.
 */
export type FolderSeen = { path: LocalPath; seen: Stamp | null; digest: string | null }

/** All that is in a folder; or only how much, when it has the digest that was expected. */
export type Listing = DiskEntry[] | { entries: number; folders: number }

/**
 * The file system below one root. No call follows a symlink or leaves the root (I12). Throws system errors with a `code` (ENOENT, EACCES,
 * ENOSPC, EBUSY, EIO, EMFILE …). What is said to be durable survives a power cut.
 */
export type Disk = {
  readonly abilities: Abilities
  /** What the file system would stamp on a change made now: only this is compared with stamps (TM-01, TM-05). */
  timeNs(): Promise<bigint>
  /** The id in the root's marker file, or why it cannot be told: while it is not ours, nothing is done on either side (I13). */
  marker(): Promise<{ id: string } | { missing: true }>
  writeMarker(id: string): Promise<void>
  /**
   * A folder to its end, in any order. An error part-way is thrown, never a shorter list (P8).
   * @param seen how the folder above has shown it, where it has
   */
  list(folder: LocalPath, seen?: Stamp | null): Promise<DiskEntry[]>
  /** As `list`, for whoever need not know what is in a folder that is as it was. */
  listChanged(folder: FolderSeen): Promise<Listing>
  /**
   * These will be listed soon, so they may be read beside before they are asked for; none: some will be told. Only a hint, and only while nothing is changed
   * here: `null` ends it, and what was read is forgotten.
   */
  expect(folders: readonly FolderSeen[] | null): void
  /** One of those expected that has been read, and is best listed now; each is told once. */
  expectedNext(): LocalPath | null
  /** `null`: no such name. */
  stat(path: LocalPath): Promise<DiskEntry | null>
  readLink(path: LocalPath): Promise<string>
  /**
   * The bytes, in pieces.
   * @param range only these
   * @throws `AppError busy` when the file changed while it was read (WR-01), or has fewer
   */
  read(path: LocalPath, range?: ByteRange): AsyncIterable<Uint8Array>
  /** A file of our own in the same file system, outside of what is synced; names are short (NM-11). */
  createTemp(): Promise<TempFile>
  /** Puts a finished temporary file where nothing is. Durable. @throws EEXIST */
  placeNew(temp: FinishedTemp, path: LocalPath): Promise<DiskEntry>
  /**
   * Puts it over a file whose stamp is this one, in one step: the name never vanishes. What was there goes to the safety trash first
   * (a second link), so that a write that came in between is not lost (EE-05). Durable.
   * @returns the new entry; what was displaced: its stamp (the ctime is not the expected one: it was linked), and where it is kept, from
   *   where `move` brings it back
   * @throws EEXIST when another stamp is found, ENOENT when nothing is there
   */
  replace(
    temp: FinishedTemp,
    path: LocalPath,
    expected: Stamp,
  ): Promise<{ placed: DiskEntry; displaced: Stamp; kept: LocalPath }>
  makeFolder(path: LocalPath): Promise<DiskEntry>
  makeSymlink(path: LocalPath, target: string): Promise<DiskEntry>
  /** Never over anything. Durable. @throws EEXIST, ENOENT; `AppError version-conflict` when the source has another stamp */
  move(from: LocalPath, to: LocalPath, expected: Stamp | null): Promise<DiskEntry>
  /** A file or symlink of this stamp, or an empty folder, into the safety trash of this device. Durable. */
  discard(path: LocalPath, expected: Stamp | null): Promise<void>
  setExecutable(path: LocalPath, executable: boolean): Promise<DiskEntry>
  /** What a crash left of temporary files, and what the safety trash holds beyond its time. */
  tidy(): Promise<void>
}

/** `[from, to)` */
export type ByteRange = { from: number; to: number }

export type TempFile = {
  write(bytes: Uint8Array): Promise<void>
  /** Nothing more is written. It is durable when it is placed: many that are placed at once cost few waits for the disk. */
  finish(meta: { mtimeNs: string | null; executable: boolean }): Promise<FinishedTemp>
  drop(): Promise<void>
}
export type FinishedTemp = { readonly token: string; drop(): Promise<void> }

/** Says that something below may have changed. A hint: the scan is the truth. */
export type Watcher = {
  /** @param onHint the folder, or `null`: anything may have changed (overflow, WA-01) */
  start(onHint: (folder: LocalPath | null) => void): Promise<{ stop(): Promise<void>; trouble: string | null }>
}

/** The server, as one device sees it. Throws `AppError` and `ConnectionError`. */
export type Remote = {
  /** `null`: from the beginning, which the server answers with resync-required: take a snapshot. */
  changes(cursor: string | null, waitMs: number): Promise<{ changes: RemoteChange[]; cursor: string; more: boolean }>
  /** `cursor`, `seq`: on the last page; up to `seq` the journal has nothing to tell that the snapshot does not hold. */
  snapshot(
    after: string | null,
  ): Promise<{ nodes: NodeStateWire[]; after: string | null; cursor: string | null; seq: number | null }>
  /**
   * All that lives below a folder, each after its parent, as it is now: of one that came out of the trash or in from elsewhere, since the
   * states of what does not live are not kept. Nothing when the folder is gone meanwhile.
   */
  below(folder: NodeId): AsyncIterable<NodeStateWire>
  push(entries: PushEntry[]): Promise<MutationResult[]>
  /**
   * Files whose bytes travel: in batches, packs and chunks, as few requests as can be. An answer for each, as it comes.
   * @param signal breaks it off: what has arrived by then need not be sent again
   */
  upload(
    files: UploadFile[],
    signal?: AbortSignal,
  ): AsyncIterable<{
    item: ItemId
    result: MutationResult | { outcome: 'failed'; error: unknown }
    /** Of a large file that was sent. */
    chunks?: ChunkedContent
  }>
  /**
   * The bytes of one version. `have` gives chunks of old local files, so that only missing ones travel. Verified, the whole after the last
   * piece. A piece is valid until the one after the next is asked for: one may be written while the next is read.
   * @param learn told what it is made of, after the last piece
   */
  download(
    version: RemoteVersion,
    have: ChunkSource,
    learn?: (chunks: ChunkedContent) => void,
  ): AsyncIterable<Uint8Array>
  /** Which chunks a version has, in order: what an old local file may still hold. Without it every chunk travels. */
  chunks?(node: NodeId, revision: number): AsyncIterable<{ sha256: Sha256; plainBytes: number }>
  /** Bytes of files that have gone out since the start: to show how far a large one is. */
  sent?(): number
  /** Calls when there is something new; ends when the signal does. */
  live(cursor: () => string | null, onNews: () => void, signal: AbortSignal): Promise<void>
}
/** `sizeBytes`: as the journal told. */
export type RemoteVersion = { node: NodeId; revision: number; sizeBytes: number }
export type RemoteChange = { seq: number; kind: string; node: NodeStateWire }
export type UploadFile = {
  item: ItemId
  mutation: MutationId
  init: Omit<FileInit, 'size' | 'sha256' | 'content'>
  path: LocalPath
  stamp: Stamp
  /** The bytes that were planned with. What else is there by now is not sent: it has changed, whatever its stamp says (TM-02, WR-02). */
  sha256: Sha256
  /** What they are made of, where that was found out while they were hashed: then only what the server lacks is read again. */
  chunks?: ChunkedContent
}
/**
 * @returns the plaintext bytes, valid until the chunk after the next is asked for; `null` when they are not here (any more). They are verified by the
 *   caller
 */
export type ChunkSource = (sha256: Sha256, plainBytes: number) => Promise<Uint8Array | null>

/**
 * The three trees of one root, and what else outlives the process. Every `write` is one durable transaction, whole or not at all, also when
 * the callback throws. What is iterated is read in pages, so that one may write meanwhile: an item that such a write changes may then come twice
 * or not at all, every other one comes once.
 */
export type SyncStore = Trees & {
  cursor(): { cursor: string | null; snapshotAfter: string | null; seen: number }
  meta(key: MetaKey): string | null
  write<T>(change: (to: StoreWriter) => T): T
  /** Items whose local state is not settled or not read, oldest first. */
  unread(): Iterable<ItemId>
  /**
   * What the last scan found in one folder, in one read: what the next one compares with. `digest`: as `setDigest` was told.
   * @param kind only these
   */
  localIn(
    parent: ItemId,
    kind?: 'folder',
  ): Iterable<{ id: ItemId; state: LocalState; blocked: Item['blocked']; digest: string | null }>
  /** By inode: for moves. */
  localByIno(ino: string): Iterable<ItemId>
  syncedByIno(ino: string): Iterable<ItemId>
  counts(): { items: number; unsettled: number; blocked: number }
  blocked(limit: number): Item[]
  /** What is here, in an order of the store's own, from one place in it to the next; `next` is `null` at the end. */
  localFrom(place: string | null, limit: number): { items: Item[]; next: string | null }
  close(): void
}
export type MetaKey =
  | 'rootMarker'
  | 'device'
  | 'root'
  | 'space'
  | 'schema'
  | 'stopped-cleanly'
  | 'boot'
  | 'fallen'
  | 'paused'
  | 'brake-answer'
  | 'scrub'
  | 'rescues'
  | 'overwritten'
  | 'lately'

export type StoreWriter = {
  setRemote(id: ItemId, state: RemoteState | null): void
  setLocal(id: ItemId, state: LocalState | null): void
  setSynced(id: ItemId, state: SyncedState | null): void
  setBlocked(id: ItemId, blocked: Item['blocked']): void
  setPending(id: ItemId, pending: Item['pending']): void
  /**
   * Of all that is in a folder that is here. It is forgotten with every change of the local state of the folder or of anything in it: so it stands for what is
   * known, as long as it is there.
   */
  setDigest(folder: ItemId, digest: string): void
  /**
   * What `from` had (local and synced, and what it was blocked by and waited for) belongs to `to` from now on; children follow.
   * The two must not both be on the disk: that is a broken invariant.
   */
  become(from: ItemId, to: ItemId): void
  newLocalId(): ItemId
  /** A snapshot is read from its first page on. It may take many transactions, and outlive a restart. */
  beginSnapshot(): void
  /** It was read to its end: remote states that were not set since it began become `null`. @returns how many */
  endSnapshot(): number
  setCursor(cursor: { cursor: string | null; snapshotAfter: string | null; seen: number }): void
  setMeta(key: MetaKey, value: string | null): void
}

export type Clock = {
  /** Unix milliseconds: for what people are shown and for pauses; no decision compares it with a file's time. */
  now(): number
  /** @throws the signal's reason */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Bytes of randomness, for ids and jitter. */
export type Random = { bytes(count: number): Uint8Array; fraction(): number }

/** What the engine tells while it works: for the screen, `--json`, logs of support. Names are the person's own; they never leave the device. */
export type SyncEvent =
  | { kind: 'state'; state: 'scanning' | 'syncing' | 'up-to-date' | 'paused' | 'offline' | 'stopped'; reason?: string }
  | { kind: 'step'; at: 'begin' | 'end' | 'failed'; step: string; item: ItemId; path: LocalPath; error?: string }
  /** Of what is on its way or waits for it. `more`: there is more than was planned at once. */
  | { kind: 'progress'; filesLeft: number; bytesLeft: number; bytesPerSecond: number; more: boolean }
  | { kind: 'blocked'; item: ItemId; path: LocalPath; reason: string; detail: string }
  | { kind: 'brake'; mass: Mass; items: number; of: number }
  /** No delete waits for an answer any more. */
  | { kind: 'brake-over' }
  | { kind: 'guard'; path: LocalPath; detail: string }
