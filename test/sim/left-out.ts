import { IGNORE_FILE, ignoreRules, type IgnoreRules } from '../../client/sync/ignore.ts'
import type { Device } from './device.ts'

/** What a device leaves alone by the rules of its person, as the harness reads them itself. */
export function rulesOf({ tree, config }: Pick<Device, 'tree' | 'config'>): IgnoreRules {
  const inode = tree.at(IGNORE_FILE)?.inode
  return ignoreRules(inode?.kind === 'file' ? Buffer.from(inode.bytes).toString() : '', config.fs)
}
