/**
 * What becomes of the content of one item, by what happened to it on each side since both agreed. Data: every row is a rule, and
 * a missing one does not compile. Placement is decided apart (`PLACEMENT`): an edit and a rename never conflict.
 */
export type LocalChange =
  | 'never' // it never was here, and is not
  | 'new' // it is here, and never was on both sides
  | 'same'
  | 'edited'
  | 'gone' // proven: its folder was listed to the end, under a proven root (P8)
  | 'unknown' // not scanned to the end, or not read yet: nothing is decided
export type RemoteChange = 'never' | 'new' | 'same' | 'edited' | 'gone'

export type ContentAction =
  | 'nothing'
  | 'wait'
  | 'adopt' // both sides have the same: note it, move no byte (CR-05)
  | 'create-remote'
  | 'create-local'
  | 'update-remote'
  | 'update-local'
  | 'conflict' // sent with the stale base: the server keeps both (P2), or as the folder's policy says
  | 'remove-local'
  | 'remove-remote'
  | 'revive-remote' // an edit beats a delete (P3)
  | 'revive-local' // the other side's edit beats our delete (ED-04)
  | 'forget' // gone on both sides (ED-05)

/** First the local change, then the remote one. `same` content on both sides is found by the caller: `adopt` in place of `conflict`. */
export const CONTENT = {
  never: { never: 'forget', new: 'create-local', same: 'wait', edited: 'wait', gone: 'forget' },
  new: { never: 'create-remote', new: 'conflict', same: 'wait', edited: 'wait', gone: 'create-remote' },
  same: { never: 'wait', new: 'wait', same: 'nothing', edited: 'update-local', gone: 'remove-local' },
  edited: { never: 'wait', new: 'wait', same: 'update-remote', edited: 'conflict', gone: 'revive-remote' },
  gone: { never: 'forget', new: 'create-local', same: 'remove-remote', edited: 'revive-local', gone: 'forget' },
  unknown: { never: 'wait', new: 'wait', same: 'wait', edited: 'wait', gone: 'wait' },
} as const satisfies Record<LocalChange, Record<RemoteChange, ContentAction>>

export type PlacementChange = 'same' | 'moved'
export type PlacementAction = 'nothing' | 'move-remote' | 'move-local' | 'adopt'

/** Moved on both sides to different places: server order wins (P5); to the same: `adopt`. First local, then remote. */
export const PLACEMENT = {
  same: { same: 'nothing', moved: 'move-local' },
  moved: { same: 'move-remote', moved: 'move-local' },
} as const satisfies Record<PlacementChange, Record<PlacementChange, PlacementAction>>
