/** The word of `words` that `typed` may have meant: at most two slips away, or begun with it. `null` = none. */
export function nearest(typed: string, words: readonly string[]): string | null {
  let best: string | null = null
  let bestSlips = 3
  for (const word of words) {
    const slips = typed.length >= 2 && word.startsWith(typed) ? 1 : countSlips(typed.slice(0, 40), word)
    if (slips < bestSlips && slips < word.length) {
      best = word
      bestSlips = slips
    }
  }
  return best
}

/** Letters put in, left out, changed or swapped with their neighbour (optimal string alignment). */
function countSlips(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
