import { AppError } from '../errors.ts'

/**
 * A place in a tenant's journal, opaque to clients: `<epoch>.<seq>`. The epoch changes when the journal is restored from a
 * backup, so a cursor from before is recognised.
 */
export type Cursor = { epoch: string; seq: number }

export const formatCursor = ({ epoch, seq }: Cursor): string => `${epoch}.${seq.toString(36)}`

/** @throws cursor-invalid */
export function parseCursor(text: string): Cursor {
  const match = /^([0-9a-f-]{36})\.([0-9a-z]{1,11})$/.exec(text)
  const seq = match ? Number.parseInt(match[2]!, 36) : Number.NaN
  if (!match || !Number.isSafeInteger(seq)) throw new AppError('cursor-invalid', { field: 'cursor' })
  return { epoch: match[1]!, seq }
}
