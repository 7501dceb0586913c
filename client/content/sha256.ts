import { createHash, hash } from 'node:crypto'
import type { Sha256 } from '../../core/ids.ts'

/** The SHA-256 of bytes that are all there. */
export const sha256Of = (bytes: Uint8Array): Sha256 => hash('sha256', bytes, 'hex') as Sha256

export type RunningSha256 = {
  update(bytes: Uint8Array): void
  /** Once, at the end. */
  digest(): Sha256
}

/** The SHA-256 of bytes that come in pieces. */
export function startSha256(): RunningSha256 {
  const running = createHash('sha256')
  return { update: (bytes) => void running.update(bytes), digest: () => running.digest('hex') as Sha256 }
}
