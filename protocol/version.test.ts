import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { openApiDocument } from './openapi.ts'
import { PROTOCOL_VERSION } from './version.ts'

/**
 * What each version looks like on the wire. A change that an old client understands (a new optional field, a new route) replaces the
 * hash of its version; any other takes a new version, and the gateway must go on speaking the one before.
 */
const PINNED: Record<number, string> = {
  1: 'a3450008151f731197b5d93af3076e4ee82b6bd69ec83d6fc3b7eecd20bf4cc7',
}

test('P5-07 the wire does not change unnoticed', () => {
  const hash = createHash('sha256')
    .update(JSON.stringify(openApiDocument('').paths))
    .digest('hex')
  expect(hash).toBe(PINNED[PROTOCOL_VERSION])
})
