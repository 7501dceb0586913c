/** Bytes that look random and are the same for the same seed (xorshift32): data for tests and benchmarks. */
export function seededBytes(seed: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return new Uint8Array(words.buffer, 0, length)
}

/** Bytes as those of a text: 64 words in random order. zstd makes about a fifth of them. */
export function seededText(seed: number, length: number): Uint8Array {
  const order = seededBytes(seed, Math.ceil(length / 4))
  const text = Array.from(order, (byte) => `${WORDS[byte & 63]} `).join('')
  return new TextEncoder().encode(text).subarray(0, length)
}

const WORDS = Array.from({ length: 64 }, (_, i) => ((i + 7) * 0x9e37).toString(36).slice(0, 3 + (i % 5)))
