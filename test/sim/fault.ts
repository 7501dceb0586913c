import type { ErrorCode } from '../../core/errors.ts'

/** What befalls one numbered call of a device. */
export type Fault =
  /** The process ends, before the call took effect or before its answer came back; `power`: the machine, with what the disk had not written yet. */
  | { do: 'kill' | 'power'; when: 'before' | 'after' }
  /** An error of the system: the call had no effect. */
  | { do: 'errno'; code: Errno }
  /** The listing breaks off: whoever takes what came so far for the whole loses. */
  | { do: 'partial-list' }
  | { do: 'request-lost' | 'reply-lost' | 'twice' | 'slow' | 'cut' }
  /** The server, or something on the way, answers with this, and has done nothing; or has done it all the same (NW-10). */
  | { do: 'refuse'; code: ErrorCode; applied: boolean }

export const ERRNOS = ['ENOSPC', 'EACCES', 'EBUSY', 'EIO', 'EMFILE'] as const
export type Errno = (typeof ERRNOS)[number]

/** Which call of which device it befalls. */
export type PlannedFault = { device: number; call: number; fault: Fault }

/** What kind of call it is, as far as faults differ. */
export type CallKind = 'list' | 'disk-read' | 'disk-write' | 'net' | 'net-stream' | 'pause'

/** How often things go wrong, of a thousand calls. */
export type FaultRates = { crash: number; disk: number; net: number }

export const NO_FAULTS: FaultRates = { crash: 0, disk: 0, net: 0 }

export const describeFault = (fault: Fault): string => Object.values(fault).join(' ')
