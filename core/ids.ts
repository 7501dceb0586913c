/** Branded ids. All are lower-case UUIDs (v7 where we make them) unless said otherwise. */
declare const brand: unique symbol
type Id<B extends string> = string & { readonly [brand]: B }

export type TenantId = Id<'tenant'>
export type UserId = Id<'user'>
export type SpaceId = Id<'space'>
export type NodeId = Id<'node'>
export type UploadId = Id<'upload'>
export type MutationId = Id<'mutation'>
export type DeviceId = Id<'device'>
export type SessionId = Id<'session'>
/** Lower-case hex of a SHA-256, 64 characters. */
export type Sha256 = Id<'sha256'>

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const SHA256 = /^[0-9a-f]{64}$/

export const isUuid = (text: string): boolean => UUID.test(text)
export const isSha256 = (text: string): text is Sha256 => SHA256.test(text)

/**
 * A version 7 UUID (RFC 9562, section 5.7).
 * @param unixMs milliseconds since 1970, 48 bits
 * @param random 10 random bytes
 */
export function uuidV7(unixMs: number, random: Uint8Array): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  const byte = (at: number) => random[at] ?? 0
  const time = hex(unixMs, 12)
  const a = hex(0x7000 | (((byte(0) << 8) | byte(1)) & 0x0fff), 4)
  const b = hex(0x80 | (byte(2) & 0x3f), 2) + hex(byte(3), 2)
  const c = Array.from({ length: 6 }, (_, i) => hex(byte(4 + i), 2)).join('')
  return `${time.slice(0, 8)}-${time.slice(8)}-${a}-${b}-${c}`
}

const COUNT_MAX = 0x0fff
/** A millisecond begins below this, so that thousands of ids fit into it. */
const COUNT_START = 0x01ff

/**
 * Version 7 UUIDs that sort in the order in which they were made, also within a millisecond: the twelve bits behind the time count on (RFC 9562,
 * section 6.2, method 1). Where a clock is set back, or a millisecond is full, the time of the last one counts on.
 * @param clock milliseconds since 1970
 * @param random 10 random bytes
 */
export function createOrderedIds(clock: () => number, random: () => Uint8Array): () => string {
  let at = 0
  let count = COUNT_MAX
  return () => {
    const bytes = Uint8Array.from(random())
    const now = clock()
    if (now > at) [at, count] = [now, (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) & COUNT_START]
    else if (count < COUNT_MAX) count++
    else [at, count] = [at + 1, 0]
    bytes[0] = count >> 8
    bytes[1] = count & 0xff
    return uuidV7(at, bytes)
  }
}
