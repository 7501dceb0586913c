import { type Content, INLINE_MAX_BYTES } from '../../core/content.ts'
import { sha256Of } from './sha256.ts'

/** Small files travel inside the commit and live in the row: no chunk, no object, no PUT (CH-11). */
export const isInline = (sizeBytes: number): boolean => sizeBytes <= INLINE_MAX_BYTES

/** @param plain all of a file for which `isInline` holds */
export function inlineContent(plain: Uint8Array): Content & { held: 'inline' } {
  return {
    codec: 'raw',
    size: plain.length,
    sha256: sha256Of(plain),
    held: 'inline',
    inline: Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString('base64'),
  }
}
