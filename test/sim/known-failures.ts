const READERS =
  'what somebody who may only read has edited keeps the name and hides what the server has: decideContent (core/reconcile/decide-present.ts) blocks it, and nothing puts it aside'
const IGNORED =
  'what left its name while it was ignored counts as deleted once it is not ignored any more: knownIn (client/sync/scan/list-folders.ts) keeps its local state over that time, so the first scan without the rule finds it missing'
const RESTLESS =
  'nothing makes a file wait that keeps changing: each hint has it read at once (look in client/sync/scan/list-folders.ts; Looker.scan in client/sync/looker.ts makes `read` due again), and each plan has it sent (core/reconcile/decide-present.ts)'

/** Scenarios that fail, and why: what is to be mended. The test fails when one of them passes. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'EE-10': READERS,
  'RN-08': IGNORED,
  'FD-04b': IGNORED,
  'WR-05b': RESTLESS,
  'WR-08': RESTLESS,
  'DK-12b':
    'nothing reads files again whose stamp has not changed: there is no scrub (client/sync/looker.ts reads what scans leave unread)',
  'DB-02':
    'a folder put back from an old backup overwrites what is newer on the server: old bytes are edits with the present base, and the brake counts deletes alone (core/reconcile/brake.ts)',
  'SH-01': READERS,
}
