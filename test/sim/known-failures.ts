/** Scenarios that fail, and why: what is to be mended. The test fails when one of them passes. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'DK-12b':
    'nothing reads files again whose stamp has not changed: there is no scrub (client/sync/looker.ts reads what scans leave unread)',
}
