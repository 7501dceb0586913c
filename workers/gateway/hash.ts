import { createHash } from 'node:crypto'
import type { Sha256 } from '../../core/ids.ts'

/** Lower-case hex. The synchronous form: for a few hundred bytes a promise costs more than the hash. */
export const sha256Hex = (data: string | Uint8Array): Sha256 =>
  createHash('sha256').update(data).digest('hex') as Sha256

/** A version 8 UUID (RFC 9562) from a name: the same name gives the same id. */
export function uuidFromName(name: string): string {
  const hex = sha256Hex(name)
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
