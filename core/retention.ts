const DAY_MS = 86_400_000

/** How long a space keeps what nobody sees at first sight. */
export type KeepingRules = {
  trashDays: number
  /** Of older versions; `null` = for ever. */
  versionDays: number | null
  /** Versions of a file, the present one among them; `null` = however many. */
  versionCount: number | null
}

/** RT-1: what was put into the trash at this time or before has passed its time. Unix milliseconds. */
export const trashCutoffMs = ({ trashDays }: Pick<KeepingRules, 'trashDays'>, nowMs: number): number =>
  nowMs - trashDays * DAY_MS

/** RT-2: versions that were replaced at this time or before are too old. `null`: none is. */
export const versionCutoffMs = ({ versionDays }: Pick<KeepingRules, 'versionDays'>, nowMs: number): number | null =>
  versionDays === null ? null : nowMs - versionDays * DAY_MS

/** What the rules ask of a version. */
export type VersionStanding = {
  /** When the next version came, Unix milliseconds: a version is old from then on, however long it was the present one. `null`: it is the present one. */
  replacedMs: number | null
  isLabelled: boolean
  /** An open conflict names it, as what the writer had seen or as what was there. */
  isHeld: boolean
  /** Versions of the same file that are newer and have no label, the present one among them. */
  newer: number
}

/** RT-2: beyond the days or beyond the count; RT-3: but never the present one, a labelled one, or one that an open conflict names. */
export function isExpired(version: VersionStanding, rules: KeepingRules, nowMs: number): boolean {
  const { replacedMs, isLabelled, isHeld, newer } = version
  if (replacedMs === null || isLabelled || isHeld) return false
  const cutoffMs = versionCutoffMs(rules, nowMs)
  const isTooOld = cutoffMs !== null && replacedMs <= cutoffMs
  const isTooMany = rules.versionCount !== null && newer >= rules.versionCount
  return isTooOld || isTooMany
}

export type JournalExtent = {
  /** Seq of the newest entry. */
  head: number
  /** Seq of the last entry that was removed. */
  horizon: number
  /** What the slowest consumer of the journal has counted through. */
  consumed: number
  /** The oldest entry that is still too young to go, as far as it was looked for; `null`: none. */
  firstYoung: number | null
}

/**
 * RT-6: entries go from the oldest on, and only those that are old *and* beyond the newest `keepEntries` *and* counted by every consumer.
 * @param limit entries of one step
 * @returns the new horizon; the old one when there is nothing to remove
 */
export function nextHorizon(
  extent: JournalExtent,
  { keepEntries, limit }: { keepEntries: number; limit: number },
): number {
  const { head, horizon, consumed, firstYoung } = extent
  const young = firstYoung === null ? Infinity : firstYoung - 1
  return Math.max(horizon, Math.min(head - keepEntries, consumed, young, horizon + limit))
}
