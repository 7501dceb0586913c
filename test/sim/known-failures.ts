const READERS =
  'what somebody who may only read has edited keeps the name and hides what the server has: decideContent (core/reconcile/decide-present.ts) blocks it, and nothing puts it aside'
const IGNORED =
  'what left its name while it was ignored counts as deleted once it is not ignored any more: knownIn (client/sync/scan/list-folders.ts) keeps its local state over that time, so the first scan without the rule finds it missing'
const RESTLESS =
  'nothing makes a file wait that keeps changing: each hint has it read at once (look in client/sync/scan/list-folders.ts; Looker.scan in client/sync/looker.ts makes `read` due again), and each plan has it sent (core/reconcile/decide-present.ts)'

/** Scenarios that fail, and why: what is to be mended. The test fails when one of them passes. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'EE-10': READERS,
  'MV-14b':
    'nothing is looked at while the server is away, since Rounds.round (client/sync/rounds.ts) pulls first; a rename and a later edit are then one look, which mayBe (client/sync/scan/find-spot.ts) takes for a delete and a new file',
  'RN-08': IGNORED,
  'FD-04b': IGNORED,
  'WR-05b': RESTLESS,
  'WR-08': RESTLESS,
  'DK-04b':
    'a database that is full when it starts ends the engine as if by a mistake of ours: SyncEngine.run (client/sync/engine.ts) calls Rounds.begin outside of what recovers',
  'DK-12b':
    'nothing reads files again whose stamp has not changed: there is no scrub (client/sync/looker.ts reads what scans leave unread)',
  'RT-03b':
    'a mount point that both sides have as a folder loses its block with each plan (isOver in core/reconcile/lineup.ts lifts what a scan has found), and each failure below it begins one more look every 10 s that never ends (Looker.#lookLater in client/sync/looker.ts)',
  'DB-02':
    'a folder put back from an old backup overwrites what is newer on the server: old bytes are edits with the present base, and the brake counts deletes alone (core/reconcile/brake.ts)',
  'SC-04':
    'a chain of folders that is gone is climbed anew for each folder that a hint names: listAbove (client/sync/scan/list-folders.ts) asks for every folder above each of them, half a million looks for a thousand levels',
  'SS-01':
    'what both sides have stays here when it is unselected: Rounds.plan (client/sync/rounds.ts) gives the plan no `unselected`, so it is not looked at',
  'SH-01': READERS,
  'NW-11b':
    'resumed before the round that a pause has broken off is at its end, it throws and begins anew for ever: only #stayPaused (client/sync/engine.ts) renews the signal that every step asks',
  'RT-01c':
    'what was being fetched when a root went away lies in it until the next start: SyncEngine.#tidy (client/sync/engine.ts) is called when it begins, and not when the root is back',
}
