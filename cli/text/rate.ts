import { usageError } from '../failure.ts'

const UNITS = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const
/** Less is no limit but a standstill. */
const LEAST = 1024

/**
 * `500K`, `2M`, `1.5MiB/s`: bytes a second; `0`: as fast as it goes.
 * @throws CliError `usage`
 */
export function parseRate(text: string, option: string): number | null {
  const found = /^(\d{1,9}(?:\.\d{1,3})?) ?([kmg]?)(?:i?b)?(?:\/s)?$/i.exec(text)
  if (found === null) throw usageError(`${option} needs a rate such as 500K or 2M, 0 for none, not “${text}”`)
  const [, number = '', unit = ''] = found
  const rate = Math.round(Number(number) * UNITS[unit.toLowerCase() as keyof typeof UNITS])
  if (rate === 0) return null
  if (rate < LEAST) throw usageError(`${option} needs at least 1K (a second), or 0 for none, not “${text}”`)
  return rate
}
