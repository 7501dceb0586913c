import { invariant } from '../../core/errors.ts'

export type TarFile = { path: string; bytes: Uint8Array }

const BLOCK = 512

/**
 * The regular files of a tar archive (POSIX ustar, with pax `path` records), as npm packs them. Paths that are absolute
 * or climb with `..` are refused; links and folders are left out.
 */
export function* readTar(archive: Uint8Array): Generator<TarFile> {
  let longPath: string | null = null
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK)
    if (header[0] === 0) return
    const size = Number.parseInt(text(header, 124, 12), 8) || 0
    const type = text(header, 156, 1)
    const bytes = archive.subarray(at + BLOCK, at + BLOCK + size)
    if (type === 'x') longPath = paxPath(bytes)
    if (type === '0' || type === '') {
      const prefix = text(header, 345, 155)
      const path = longPath ?? (prefix ? `${prefix}/` : '') + text(header, 0, 100)
      invariant(!path.startsWith('/') && !path.split('/').includes('..'), 'a path in the archive stays inside it')
      yield { path, bytes }
    }
    if (type !== 'x') longPath = null
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
}

const text = (header: Uint8Array, from: number, length: number): string =>
  Buffer.from(header.subarray(from, from + length))
    .toString('utf8')
    .replace(/\0.*$/s, '')
    .trim()

/** Records are `<length> <key>=<value>\n`. */
const paxPath = (bytes: Uint8Array): string | null =>
  /(?:^|\n)\d+ path=(.*)\n/.exec(Buffer.from(bytes).toString('utf8'))?.[1] ?? null
