import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'
import type { Link } from '../../client/node/sync/links/link.ts'

const idOf = (number: number): string => `01999999-0000-7000-8000-${String(number).padStart(12, '0')}`

/** A link as any other. */
export const aLink = (over: Partial<Link> = {}): Link => ({
  id: idOf(1),
  root: '/home/test/Photos',
  server: 'https://vault.example',
  profile: 'vault.example',
  space: idOf(2),
  node: idOf(3),
  place: 'home/photos',
  device: idOf(4),
  up: null,
  down: null,
  paused: false,
  unselected: [],
  createdAt: 1_800_000_000_000,
  ...over,
})

/** A link that is worked on, and up to date. */
export const aStatus = (over: Partial<LinkStatus> = {}): LinkStatus => ({
  link: aLink(),
  process: { pid: 42, kind: 'background', startedAt: 1_800_000_000_000, version: '0.1.0' },
  state: 'up-to-date',
  reason: null,
  since: 1_800_000_000_000,
  items: 12_345,
  blocked: 0,
  blockedItems: [],
  progress: null,
  moving: [],
  recent: [],
  brake: null,
  canWrite: true,
  watcherTrouble: null,
  refusals: 0,
  uncleanStops: 0,
  lastUncleanStopAt: null,
  lastUpToDateAt: null,
  lastChangeAt: null,
  ...over,
})
