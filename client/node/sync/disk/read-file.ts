import { closeSync, constants, fstatSync, openSync, read, readSync, type BigIntStats } from 'node:fs'
import { promisify } from 'node:util'
import { AppError } from '../../../../core/errors.ts'
import type { ByteRange, LocalPath } from '../../../sync/ports.ts'
import { breathe } from './breathe.ts'
import { insideToRead, type Root } from './root.ts'
import { systemError } from './system-error.ts'

/** Up to here a file is read in one go, without a thread. */
const AT_ONCE_BYTES = 256 * 1024
const PIECE_BYTES = 1024 * 1024
/** O_NONBLOCK: a pipe that took the file's place does not hold us. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

const readAsync = promisify(read)

/**
 * The bytes of a file; each piece is the reader's until it asks for the next. Whoever has read to the end has read one state of the file:
 * its size and times were the same before and after (WR-01).
 * @param range only these bytes
 * @throws the system's errors, ELOOP for a link; `AppError busy` when it changed meanwhile, or has fewer bytes
 */
export async function* readFile(root: Root, path: LocalPath, range?: ByteRange): AsyncGenerator<Uint8Array> {
  const fd = openSync(insideToRead(root, path), FLAGS)
  try {
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile()) throw systemError('EINVAL', 'not a regular file')
    if (Number(before.dev) !== root.dev) throw systemError('EXDEV', 'another file system is mounted on the way')
    const size = Number(before.size)
    // Of the whole one byte more is asked for than there should be: a file that has grown shows.
    const part = range ?? { from: 0, to: size + 1 }
    const expected = range === undefined ? size : range.to - range.from
    const bytes = expected <= AT_ONCE_BYTES ? yield* readAtOnce(fd, part, expected) : yield* readPieces(fd, part)
    if (bytes !== expected || !isUnchanged(before, fstatSync(fd, { bigint: true })))
      throw new AppError('busy', { detail: 'the file changed while it was read' })
  } finally {
    closeSync(fd)
  }
  await breathe()
}

const isUnchanged = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs

/** Asks until it has what is expected: of nearly every file that is once. @returns how many bytes there were */
function* readAtOnce(fd: number, { from, to }: ByteRange, expected: number): Generator<Uint8Array, number> {
  const buffer = Buffer.allocUnsafe(to - from)
  let at = 0
  let got: number
  do {
    got = readSync(fd, buffer, at, buffer.length - at, from + at)
    at += got
  } while (got > 0 && at < expected)
  if (at > 0) yield buffer.subarray(0, at)
  return at
}

/** Two buffers: the next piece is read while this one is used. @returns how many bytes there were */
async function* readPieces(fd: number, { from, to }: ByteRange): AsyncGenerator<Uint8Array, number> {
  const buffers = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)]
  const start = (turn: number, at: number) =>
    readAsync(fd, buffers[turn % 2] as Buffer, 0, Math.min(PIECE_BYTES, to - from - at), from + at)
  let at = 0
  let next = start(0, 0)
  try {
    for (let turn = 0; ; turn++) {
      const { bytesRead } = await next
      if (bytesRead === 0) return at
      at += bytesRead
      next = start(turn + 1, at)
      yield (buffers[turn % 2] as Buffer).subarray(0, bytesRead)
    }
  } finally {
    // The file must not be closed below a read that is under way.
    await next.catch(() => {})
  }
}
