export type Summary = { median: number; min: number; max: number; count: number }

/** @param values at least one */
export function summarise(values: number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const middle = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2
  return { median, min: at(0), max: at(sorted.length - 1), count: sorted.length }
}

/** The value below which `share` (0 to 1) of the values lie, by nearest rank. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** `12.3 (11.9-14.0)`: median, min and max. */
export function formatSummary(summary: Summary, digits = 1): string {
  const text = (value: number) => value.toFixed(digits)
  return `${text(summary.median)} (${text(summary.min)}-${text(summary.max)})`
}
