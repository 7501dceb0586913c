/** Bumped when an old client can no longer talk to a new server; the pinned hash beside it makes a silent change fail a test. */
export const PROTOCOL_VERSION = 1
/** Sent by every client of ours; the server answers its own. */
export const PROTOCOL_HEADER = 'bitvault-protocol'
