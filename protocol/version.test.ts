import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { openApiDocument } from './openapi.ts'
import { PROTOCOL_VERSION } from './version.ts'

/**
 * What each version looks like on the wire. A change that an old client understands (a new optional field, a new route) replaces the
 * hash of its version; any other takes a new version, and the gateway must go on speaking the one before.
 */
const PINNED: Record<number, string> = {
  1: '82b7e6993722cec31c81d825f161f71ad0685f197b057ff29b765b79d3cba98b',
}

test('P5-07 the wire does not change unnoticed', () => {
  const hash = createHash('sha256')
    .update(JSON.stringify(openApiDocument('').paths))
    .digest('hex')
  expect(hash).toBe(PINNED[PROTOCOL_VERSION])
})
