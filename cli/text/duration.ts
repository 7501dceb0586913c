import { usageError } from '../failure.ts'

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** `30d`, `12h`, `2w`, `90m`; a bare number is days. @throws CliError `usage` @returns milliseconds */
export function parseDuration(text: string, option: string): number {
  const found = /^(\d{1,6})([mhdw]?)$/.exec(text)
  if (found === null) throw usageError(`${option} needs a time such as 30d, 12h or 2w, not “${text}”`)
  const unit = (found[2] === '' ? 'd' : found[2]) as keyof typeof UNIT_MS
  return Number(found[1]) * UNIT_MS[unit]
}
