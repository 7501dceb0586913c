import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The caller removes it. Others may pass through: the unprivileged PostgreSQL of a test that runs as root must. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'bitvault-test-'))
  await chmod(dir, 0o711)
  return dir
}
