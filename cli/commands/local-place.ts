import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { findNameFault, nameFaultDetail } from '../../core/names.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'

/** Device names and characters that Windows reads as something else than a name. */
const WINDOWS_TRAP = /[\\:*?"<>|]|[. ]$|^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i

/**
 * Where an entry of the server lands. A name is taken from the server only as one step below `folder`: whatever it says, nothing
 * is written elsewhere (T15). Throws `CliError` (`name-refused`).
 */
export function localPath(
  folder: string,
  parts: readonly string[],
  platform: NodeJS.Platform = process.platform,
): string {
  for (const part of parts) {
    const fault = findNameFault(part)
    if (fault !== null) throw refused(nameFaultDetail(fault))
    if (platform === 'win32' && WINDOWS_TRAP.test(part)) throw refused(`Windows has no file called “${part}”`)
  }
  return join(folder, ...parts)
}

const refused = (why: string): CliError =>
  new CliError({ code: 'name-refused', exit: EXIT.failed, message: `this computer cannot hold that name: ${why}` })

/** A folder of our own making or one that is there; a link to elsewhere is not walked through (T15). */
export async function makeLocalFolder(path: string, { parents }: { parents: boolean }): Promise<void> {
  if (parents) return void (await mkdir(path, { recursive: true }))
  try {
    await mkdir(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const found = await lstat(path)
    if (found.isDirectory()) return
    const what = found.isSymbolicLink() ? 'a link to somewhere else' : 'a file'
    const message = `${path} is ${what}, and a folder has to go there`
    throw new CliError({
      code: 'local-name-taken',
      exit: EXIT.failed,
      message,
      next: 'Choose another place, or move it away.',
    })
  }
}

/** What stands at `path`, next to what would come there. Only a file of the right size is read. */
export async function isSameContent(
  path: string,
  node: Pick<NodeStateWire, 'size' | 'sha256'>,
): Promise<'nothing' | 'same' | 'different'> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found === null) return 'nothing'
  if (found.isDirectory()) {
    const message = `${path} is a folder, and a file has to go there`
    throw new CliError({ code: 'local-name-taken', exit: EXIT.failed, message })
  }
  if (found.size !== node.size || !found.isFile()) return 'different'
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(bytes as Uint8Array)
  return hash.digest('hex') === node.sha256 ? 'same' : 'different'
}
