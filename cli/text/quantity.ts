const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `0 B`, `999 B`, `1.5 KiB`, `15 MiB`: at most three digits of meaning, so that columns stay narrow. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  if (unit === 0) return `${Math.round(value)} B`
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}

export const formatRate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`

/** `0:09`, `12:34`, `1:02:03`, `>99 h`. */
export function formatSeconds(seconds: number): string {
  if (!(seconds < 360_000)) return '>99 h'
  const whole = Math.max(0, Math.ceil(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** `0.2 s`, `12 s`, `3:25`: how long something took. */
export function formatTook(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  return ms < 59_500 ? `${Math.round(ms / 1000)} s` : formatSeconds(ms / 1000)
}

/** `1 file`, `12,345 files`. */
export const formatCount = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

/** `2026-03-04 05:06`, in the reader's own time zone. */
export function formatTime(unixMs: number): string {
  const at = new Date(unixMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`
}

/** `2026-03-04 05:06:07`, in the reader's own time zone. */
export const formatMoment = (unixMs: number): string =>
  `${formatTime(unixMs)}:${String(new Date(unixMs).getSeconds()).padStart(2, '0')}`

/** `just now`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function formatAgo(unixMs: number, nowMs: number): string {
  const minutes = Math.floor(Math.max(0, nowMs - unixMs) / 60_000)
  if (minutes < 2) return 'just now'
  if (minutes < 120) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
}
