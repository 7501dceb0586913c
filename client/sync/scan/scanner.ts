import type { ItemId } from '../../../core/reconcile/item.ts'
import { IGNORE_FILE, IGNORE_MAX_BYTES, ignoreRules, type IgnoreRules } from '../ignore.ts'
import type { LocalPath } from '../ports.ts'
import { AppError } from '../../../core/errors.ts'
import { adoptLost } from './adopt.ts'
import { leaveOut } from './leave-out.ts'
import { listFolders } from './list-folders.ts'
import { createContentReader, type ContentReader } from './read-contents.ts'
import { Restless } from './restless.ts'
import { ScanRun, type FolderToList } from './scan-run.ts'
import { SCAN_LIMITS, type ScanLimits, type ScanOutcome, type ScanPorts } from './scan-types.ts'

/** Something is always coming and going: then what is lost for this many times the grace is believed all the same. */
const GRACES_MAX = 10

/**
 * Looks at the disk and notes in the local tree what it shows. Nothing else may change the disk or the local tree during `full` and
 * `folders`; `read` may run beside them.
 */
export type Scanner = {
  /** Everything will be looked at soon: whatever reads ahead gets ready. */
  prepare(): void
  /** All of it. @throws what is fatal (EMFILE …): then nothing was taken for moved or gone */
  full(signal?: AbortSignal): Promise<ScanOutcome>
  /** These folders, and what is new below them: after hints. */
  folders(hints: readonly LocalPath[], signal?: AbortSignal): Promise<ScanOutcome>
  /** Reads and hashes what scans left: large files, those that were written to a moment ago. */
  read: ContentReader
  /** As of the last scan: what is left alone by them is so for the planner too. */
  rules(): IgnoreRules
}

export function createScanner(ports: ScanPorts, limits: Partial<ScanLimits> = {}): Scanner {
  const { disk, store } = ports
  const all: ScanLimits = { ...SCAN_LIMITS, ...limits }
  const grace = createGrace(ports, all.graceMs)
  const restless = new Restless(ports.clock)
  const isLarge = (): boolean => store.counts().items >= all.largeFrom
  let rules = ignoreRules('', disk.abilities)
  const scan = async (folders: FolderToList[] | null, signal?: AbortSignal): Promise<ScanOutcome> => {
    if (!(await isRootProven(ports))) return { is: 'no-root' }
    const text = await readIgnoreFile(ports)
    const isFull = folders === null || text !== rules.text
    rules = ignoreRules(text, disk.abilities)
    const run = new ScanRun(ports, { rules, restless, limits: all, readsAhead: isFull && isLarge() })
    run.toList.push(...(isFull ? [wholeTree(store.root)] : folders))
    try {
      await listFolders(run, signal)
    } finally {
      run.toList.end()
      run.flush()
    }
    // What was listed may have been an empty mount point since somewhere in the middle (RT-01).
    if (!(await isRootProven(ports))) return { is: 'no-root' }
    const waitMs = await settle(run, grace)
    return outcomeOf(run, waitMs)
  }
  return {
    prepare() {
      if (isLarge()) disk.expect([])
    },
    full: (signal) => scan(null, signal),
    folders: (hints, signal) => scan(knownFolders(ports, hints), signal),
    read: createContentReader(ports, restless),
    rules: () => rules,
  }
}

async function settle(run: ScanRun, grace: Grace): Promise<number> {
  let waitMs = 0
  await adoptLost(run, (lost) => {
    waitMs = grace(lost)
    return waitMs === 0
  })
  if (waitMs === 0) leaveOut(run)
  return waitMs
}

const wholeTree = (root: ItemId): FolderToList => ({
  id: root,
  path: '',
  isKnown: true,
  isDeep: true,
  seen: null,
  digest: null,
  blocked: null,
})

async function isRootProven({ disk, store }: ScanPorts): Promise<boolean> {
  const marker = await disk.marker()
  return 'id' in marker && marker.id === store.meta('rootMarker')
}

/** @throws AppError `too-large`; and every error but that there is none: without its rules, excluded things would be uploaded (DB-08) */
async function readIgnoreFile({ disk }: ScanPorts): Promise<string> {
  const entry = await disk.stat(IGNORE_FILE)
  if (entry?.kind !== 'file') return ''
  if (entry.stamp.size > IGNORE_MAX_BYTES) throw new AppError('too-large', { detail: `${IGNORE_FILE} is too large` })
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of disk.read(IGNORE_FILE)) text += decoder.decode(piece, { stream: true })
  return text + decoder.decode()
}

/** Where the trees do not know a folder yet, the nearest one above it: what is new in that is listed with all below it. */
function knownFolders({ store }: ScanPorts, hints: readonly LocalPath[]): FolderToList[] {
  const folders = new Map<ItemId, FolderToList>()
  for (const hint of hints) {
    let folder: FolderToList = { ...wholeTree(store.root), isDeep: false }
    for (const name of hint === '' ? [] : hint.split('/')) {
      const id = store.childNamed('local', folder.id, name)
      const item = id === null ? null : store.item(id)
      if (id === null || item?.local?.kind !== 'folder') break
      const path = folder.path === '' ? name : `${folder.path}/${name}`
      folder = { id, path, isKnown: true, isDeep: false, seen: null, digest: null, blocked: item.blocked }
    }
    folders.set(folder.id, folder)
  }
  return [...folders.values()]
}

/** @returns how long to wait before what is lost is believed; 0: no longer */
type Grace = (lost: Iterable<ItemId>) => number

/** Only of what the server has: what is only here can come and go. */
function createGrace({ store, clock }: ScanPorts, graceMs: number): Grace {
  let since = new Map<ItemId, number>()
  return (lost) => {
    if (graceMs === 0) return 0
    const now = clock.now()
    const before = since
    since = new Map()
    for (const id of lost) if (store.item(id)?.synced) since.set(id, before.get(id) ?? now)
    // A clock that was set back makes nobody wait.
    const ages = [...since.values()].map((first) => Math.abs(now - first))
    if (ages.length === 0 || Math.max(...ages) >= GRACES_MAX * graceMs) return 0
    return Math.max(0, graceMs - Math.min(...ages))
  }
}

function outcomeOf({ sums, unlisted, again, limits }: ScanRun, waitMs: number): ScanOutcome {
  return {
    is: 'done',
    ...sums,
    unlisted: unlisted.slice(0, limits.listed),
    again: again.size > limits.listed ? null : [...again],
    againInMs: waitMs,
  }
}
