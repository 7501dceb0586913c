const RESTLESS =
  'nothing makes a file wait that keeps changing: each hint has it read at once (look in client/sync/scan/list-folders.ts; Looker.scan in client/sync/looker.ts makes `read` due again), and each plan has it sent (core/reconcile/decide-present.ts)'

/** Scenarios that fail, and why: what is to be mended. The test fails when one of them passes. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'WR-05b': RESTLESS,
  'WR-08': RESTLESS,
  'DK-12b':
    'nothing reads files again whose stamp has not changed: there is no scrub (client/sync/looker.ts reads what scans leave unread)',
  'DB-02':
    'a folder put back from an old backup overwrites what is newer on the server: old bytes are edits with the present base, and the brake counts deletes alone (core/reconcile/brake.ts)',
}
