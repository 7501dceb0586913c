import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { readTar } from './tar.ts'

/**
 * Twelve releases in a row of the npm package `typescript`, 281 MB unpacked: every stable one from 5.4.5 to 5.9.3. What
 * it stands for: a folder of text files, from under 1 KiB to 9 MB, that changes a little every week and a lot every quarter.
 */
export const TYPESCRIPT_SERIES = [
  '5.4.5',
  '5.5.2',
  '5.5.3',
  '5.5.4',
  '5.6.2',
  '5.6.3',
  '5.7.2',
  '5.7.3',
  '5.8.2',
].concat(['5.8.3', '5.9.2', '5.9.3'])

export type Release = { version: string; folder: string; files: string[]; sizeBytes: number; tarballBytes: number }

/** Downloads (by `npm pack`, which checks the registry's hash) and unpacks what the cache does not have yet. */
export async function loadReleases(
  versions: string[],
  options: { cacheFolder: string; note: (line: string) => void },
): Promise<Release[]> {
  const releases: Release[] = []
  for (const version of versions) {
    const folder = join(options.cacheFolder, `typescript-${version}`)
    if (!(await exists(folder))) {
      options.note(`fetching typescript ${version}`)
      await fetchRelease(version, { folder, cacheFolder: options.cacheFolder })
    }
    releases.push(await describeRelease(version, folder))
  }
  return releases
}

async function fetchRelease(version: string, to: { folder: string; cacheFolder: string }): Promise<void> {
  const tarball = `${to.folder}.tgz`
  if (!(await exists(tarball))) {
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', to.cacheFolder, `typescript@${version}`]
    await promisify(execFile)('npm', args, { cwd: to.cacheFolder, shell: process.platform === 'win32' })
  }
  const unpacking = `${to.folder}.part`
  await rm(unpacking, { recursive: true, force: true })
  for (const file of readTar(gunzipSync(await readFile(tarball)))) {
    const path = join(unpacking, file.path)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, file.bytes)
  }
  await rename(unpacking, to.folder)
}

async function describeRelease(version: string, folder: string): Promise<Release> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  let sizeBytes = 0
  for (const file of files) sizeBytes += (await stat(file)).size
  return { version, folder, files: files.toSorted(), sizeBytes, tarballBytes: (await stat(`${folder}.tgz`)).size }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
