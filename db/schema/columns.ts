import { bigint, customType, text, timestamp, uuid } from 'drizzle-orm/pg-core'

/** Column shapes that recur. Times are `timestamptz`; the code speaks Unix milliseconds. */
export const tenantId = () => uuid('tenant_id').notNull()
/** Lower-case hex. */
export const sha256Column = (name: string) => text(name)
export const bytesColumn = (name: string) => bigint(name, { mode: 'number' })
export const seqColumn = (name: string) => bigint(name, { mode: 'number' })
export const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date', precision: 3 })
/** Text that sorts by code point, the same on every server. */
export const keyText = customType<{ data: string }>({ dataType: () => 'text collate "C"' })
export const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })
export const closedText = <T extends string>(name: string) => text(name).$type<T>()
