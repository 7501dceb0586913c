import { isUuid } from '../../../../core/ids.ts'
import { alike } from '../../../../core/reconcile/alike.ts'
import type { ItemId } from '../../../../core/reconcile/item.ts'

export type Value = null | number | string | Uint8Array

const LOCAL = 'local:'
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/

/** A node id is 16 bytes, a local id its number, and anything else stays text. SQLite sorts them: numbers, text, bytes. */
export function packId(id: ItemId): Value {
  if (isUuid(id)) return Buffer.from(id.replaceAll('-', ''), 'hex')
  return id.startsWith(LOCAL) && PLAIN_NUMBER.test(id.slice(LOCAL.length)) ? Number(id.slice(LOCAL.length)) : id
}

export function unpackId(value: Value): ItemId {
  if (typeof value === 'number') return `${LOCAL}${value}` as ItemId
  if (value instanceof Uint8Array && value.length === 16) {
    const hex = Buffer.from(value.buffer, value.byteOffset, 16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as ItemId
  }
  return value as ItemId
}

/** Those of some file systems have 64 or 128 bits: they stay text. */
export const packIno = (ino: string): Value => (PLAIN_NUMBER.test(ino) ? Number(ino) : ino)
export const unpackIno = (value: Value): string => String(value)

/** FNV-1a of `alike(name)`, 32 bits. Names that meet here by chance are told apart by who reads them. */
export const nameHash = (name: string): number => alikeHash(alike(name))

export function alikeHash(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash
}
