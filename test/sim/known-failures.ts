
/** Scenarios that fail, and why: what is to be mended. The test fails when one of them passes. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'DK-12b':
    'nothing reads files again whose stamp has not changed: there is no scrub (client/sync/looker.ts reads what scans leave unread)',
  'DB-02':
    'a folder put back from an old backup overwrites what is newer on the server: old bytes are edits with the present base, and the brake counts deletes alone (core/reconcile/brake.ts)',
}
