/**
 * What a node may be called, and when two names are the same. Rules N1-N6, docs/spec/names.md.
 *
 * The server keeps names as they were given (NFC-normalised), case kept: a device that cannot hold a name blocks the
 * item and says so, the server never mangles it. Only what no system could hold, or what would let a path escape, is refused.
 */
export const NAME_RULE_VERSION = 1
export const NAME_MAX_BYTES = 255

export type NameFault = 'empty' | 'dot' | 'slash' | 'control' | 'too-long' | 'not-unicode'

const DETAIL: Record<NameFault, string> = {
  empty: 'a name has at least one character',
  dot: '"." and ".." are not names',
  slash: 'a name holds no "/"',
  control: 'a name holds no NUL, control or line-separator characters',
  'too-long': `a name has at most ${NAME_MAX_BYTES} bytes of UTF-8`,
  'not-unicode': 'a name is well-formed Unicode',
}

export const nameFaultDetail = (fault: NameFault): string => DETAIL[fault]

/** The first rule that `name` breaks, or `null`. */
export function findNameFault(name: string): NameFault | null {
  if (name.length === 0) return 'empty'
  if (!name.isWellFormed()) return 'not-unicode'
  // An invalid UTF-8 sequence that was decoded leniently leaves this mark; it would not round-trip to the disk.
  if (name.includes('\uFFFD')) return 'not-unicode'
  if (name === '.' || name === '..') return 'dot'
  if (name.includes('/')) return 'slash'
  // eslint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name)) return 'control'
  return utf8Length(name.normalize('NFC')) > NAME_MAX_BYTES ? 'too-long' : null
}

/** Siblings whose keys are equal are the same name: the NFC/NFD twin of a sibling is that sibling. Case is kept (N5). */
export const nameKey = (name: string): string => name.normalize('NFC')

/** Bytes of the UTF-8 form of a well-formed string. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit >= 0xd800 && unit < 0xdc00) {
      bytes += 4
      i++
    } else bytes += 3
  }
  return bytes
}

/** Cuts at a code point so that the UTF-8 form has at most `maxBytes`. */
export function truncateUtf8(text: string, maxBytes: number): string {
  let bytes = 0
  let end = 0
  for (const point of text) {
    bytes += utf8Length(point)
    if (bytes > maxBytes) break
    end += point.length
  }
  return text.slice(0, end)
}

/** `report.pdf` → `['report', '.pdf']`; a leading dot is no extension. */
export function splitExtension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.')
  if (dot <= 0 || utf8Length(name.slice(dot)) > 16) return [name, '']
  return [name.slice(0, dot), name.slice(dot)]
}

/**
 * The name of a conflicted copy (P2, NM-13): stem shortened so that it fits, extension kept.
 * @param attempt 1, 2, … until the name is free among the siblings
 */
export function conflictedCopyName(name: string, device: string, at: Date, attempt: number): string {
  const [stem, extension] = splitExtension(name)
  const day = at.toISOString().slice(0, 16).replace('T', ' ').replace(':', '.')
  const who = truncateUtf8(
    device
      .toWellFormed()
      .normalize('NFC')
      .replace(/[/\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd]/g, ' ')
      .trim() || 'unknown device',
    60,
  )
  const tail = ` (conflicted copy from ${who}, ${day}${attempt > 1 ? `, ${attempt}` : ''})${extension}`
  return truncateUtf8(stem, NAME_MAX_BYTES - utf8Length(tail)) + tail
}

/** `report.pdf` → `report (edited here).pdf`, `report (edited here 2).pdf`, … @param number 1, 2, … */
export function editedHereName(name: string, number: number): string {
  const [stem, extension] = splitExtension(name)
  const tail = ` (edited here${number > 1 ? ` ${number}` : ''})${extension}`
  return truncateUtf8(stem, NAME_MAX_BYTES - utf8Length(tail)) + tail
}

/** `report.pdf` → `report (2).pdf`; the stem is shortened so that it fits. @param number 2, 3, … */
export function numberedName(name: string, number: number): string {
  const [stem, extension] = splitExtension(name)
  const tail = ` (${number})${extension}`
  return truncateUtf8(stem, NAME_MAX_BYTES - utf8Length(tail)) + tail
}
