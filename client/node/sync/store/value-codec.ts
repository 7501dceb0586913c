import { isUuid } from '../../../../core/ids.ts'
import { alike } from '../../../../core/reconcile/alike.ts'
import type { ItemId } from '../../../../core/reconcile/item.ts'

export type Value = null | number | string | Uint8Array

const LOCAL = 'local:'
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/

/** Packed ids that are at hand: one is asked with many times in a row. */
const PACKED_MAX = 8_192
const packed = new Map<ItemId, Value>()

/** A node id is 16 bytes, a local id its number, and anything else is text behind a colon. SQLite sorts them: numbers, text, bytes. */
export function packId(id: ItemId): Value {
  const known = packed.get(id)
  if (known !== undefined) return known
  if (packed.size >= PACKED_MAX) packed.clear()
  const value = pack(id)
  packed.set(id, value)
  return value
}

function pack(id: ItemId): Value {
  if (isUuid(id)) return Buffer.from(id.replaceAll('-', ''), 'hex')
  const number = id.startsWith(LOCAL) ? id.slice(LOCAL.length) : ''
  return PLAIN_NUMBER.test(number) ? Number(number) : `:${id}`
}

/** Bytes are asked for as text: a buffer for each of them would cost more than all the rest of a query. */
export const idColumn = (column: string): string =>
  `case typeof(${column}) when 'blob' then lower(hex(${column})) else ${column} end`
export const bytesColumn = (column: string): string => `hex(${column})`

/** @param value of an `idColumn` */
export function unpackId(value: Value): ItemId {
  if (typeof value === 'number') return `${LOCAL}${value}` as ItemId
  const text = value as string
  if (text.startsWith(':')) return text.slice(1) as ItemId
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}` as ItemId
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
