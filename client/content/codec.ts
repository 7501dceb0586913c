import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import type { Codec } from '../../core/content.ts'

/**
 * The codecs of core/content.ts: `raw` stores the plaintext as it is, `zstd` one frame (RFC 8878) a chunk. A file has
 * one codec, chosen from its first bytes (CH-7).
 */

/** The first bytes of a file that decide its codec. */
export const SAMPLE_BYTES = 64 * 1024
/** zstd must save at least this share of the sample: below it, the time and the weaker cuts of mixed data are not worth it. */
export const LEAST_SAVING = 0.08

const LEVEL = 3
/** Above this a call goes to zlib's threads; below it, handing over costs more than compressing (measured: 60-200 us). */
const OFF_THREAD_BYTES = 128 * 1024
/** A frame may ask its reader for a window of this much at most; level 3 never asks for more than 2 MiB. */
const WINDOW_LOG_MAX = 23

const compressLater = promisify(zstdCompress)
const decompressLater = promisify(zstdDecompress)

/** Below this zstd allows itself a little more (zstd.h). */
const SMALL_BYTES = 128 * 1024
/** What zstd makes of so many bytes is never longer: ZSTD_COMPRESSBOUND of zstd.h. */
const compressBound = (bytes: number): number =>
  bytes + (bytes >> 8) + (bytes < SMALL_BYTES ? (SMALL_BYTES - bytes) >> 11 : 0)

/**
 * For an output of that length at most, made in one go. The default of 16 KiB is too much for each of many small files, and of a large one each piece would be
 * a hand-over to a thread. A byte more than can come: after a buffer that is full another one is asked for.
 */
const inOneGo = (bytes: number) => ({ chunkSize: Math.max(constants.Z_MIN_CHUNK, bytes + 1) })
const compressOptions = ({ length }: Uint8Array) => ({
  params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
  ...inOneGo(compressBound(length)),
})
const DECOMPRESS = { params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX } }

export type CodecChoice =
  | { codec: 'raw' }
  /** `storedSample` is also the stored form of the first chunk where that is as long as the sample: small files. */
  | { codec: 'zstd'; sampleBytes: number; storedSample: Uint8Array }

/** @param sample the file's first SAMPLE_BYTES, or all of a smaller file. Equal samples give equal choices. */
export function chooseCodec(sample: Uint8Array): CodecChoice {
  if (isNoise(sample)) return { codec: 'raw' }
  const compressed = zstdCompressSync(sample, compressOptions(sample))
  return compressed.length <= sample.length * (1 - LEAST_SAVING)
    ? { codec: 'zstd', sampleBytes: sample.length, storedSample: compressed }
    : { codec: 'raw' }
}

/** Runs of bytes, spread over the sample: together enough to tell noise. */
const RUNS = 16
const RUN_BYTES = 256
/**
 * The sum of the squares of how often each byte occurs: some 69,600 in noise, hardly ever above 72,000. Of what an entropy code could make smaller by
 * `LEAST_SAVING` it is above 100,000.
 */
const NOISE_MAX = 80_000

/** All bytes are as frequent as in noise: it is compressed or encrypted already, and to try costs more than this look. */
function isNoise(sample: Uint8Array): boolean {
  if (sample.length < RUNS * RUN_BYTES) return false
  const counts = new Uint16Array(256)
  const step = Math.floor((sample.length - RUN_BYTES) / (RUNS - 1))
  for (let run = 0; run < RUNS; run++)
    for (let at = run * step; at < run * step + RUN_BYTES; at++) counts[sample[at]!]!++
  let sum = 0
  for (const count of counts) sum += count * count
  return sum <= NOISE_MAX
}

/** The stored form of one chunk. For `raw` this is `plain` itself, not a copy. */
export function encodeChunk(codec: Codec, plain: Uint8Array): Uint8Array | Promise<Uint8Array> {
  switch (codec) {
    case 'raw':
      return plain
    case 'zstd':
      return plain.length <= OFF_THREAD_BYTES
        ? zstdCompressSync(plain, compressOptions(plain))
        : compressLater(plain, compressOptions(plain))
  }
}

/**
 * The plaintext of one chunk. Never makes more than `plainBytes` bytes, whatever the stored bytes promise; throws
 * (zlib's error) when they want to become more or are no zstd frame. A shorter result is for the caller to refuse.
 */
export function decodeChunk(codec: Codec, stored: Uint8Array, plainBytes: number): Uint8Array | Promise<Uint8Array> {
  switch (codec) {
    case 'raw':
      return stored
    case 'zstd': {
      const options = { ...DECOMPRESS, maxOutputLength: Math.max(1, plainBytes), ...inOneGo(plainBytes) }
      return plainBytes <= OFF_THREAD_BYTES ? zstdDecompressSync(stored, options) : decompressLater(stored, options)
    }
  }
}
