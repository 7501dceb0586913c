import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/*
 * A few files out of the four hundred, and the hundred of packages, that the command line is made of: to find and read those one by one takes half of the
 * time of a short command. What only some commands need lies in files of its own. bin.js takes the bundle as long as nothing has changed of what it was
 * made of.
 */
const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(PROJECT, 'dist')
/** What is started: the command line, and its other threads. */
const ENTRIES = { cli: 'cli/main.ts', 'list-worker': 'client/node/sync/disk/list-worker.ts' }
/** Packages that find a file of their own beside them. */
const NATIVE = ['@parcel/watcher']
/** `{ <path below the project>: "<size> <Unix milliseconds of its last change>" }`, as bin.js compares it. */
const INPUTS = join(DIST, 'cli.inputs.json')

/** What a build before has left may still be read by who has just been started. */
const LEFT_MS = 86_400_000
/** Files that several of the others share, and those of single commands; each with a hash of what is in it. */
const PART = /-[A-Z0-9]{8}\.js$/

/** Writes dist/cli.js, its parts, what it starts, and dist/cli.inputs.json. @throws when the sources do not build */
export async function buildCli(): Promise<void> {
  const { outputFiles, metafile } = await build({
    entryPoints: ENTRIES,
    absWorkingDir: PROJECT,
    outdir: DIST,
    bundle: true,
    splitting: true,
    external: NATIVE,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const inputs = new Set(Object.keys(metafile.inputs).map(judgedBy))
  const stamps = await Promise.all([...inputs].map(async (path) => [path, await stampOf(path)]))
  await mkdir(DIST, { recursive: true })
  // The parts before those that ask for them.
  const [parts, entries] = [outputFiles.filter(isPart), outputFiles.filter((file) => !isPart(file))]
  for (const { path, contents } of [...parts, ...entries]) await replaceFile(path, contents)
  // Last: what it says is true of the bundle that is there already.
  await replaceFile(INPUTS, JSON.stringify(Object.fromEntries(stamps)))
  await removeLeft(new Set(parts.map(({ path }) => path)))
}

const isPart = ({ path }: { path: string }): boolean => PART.test(path)

async function removeLeft(present: ReadonlySet<string>): Promise<void> {
  const paths = (await readdir(DIST)).map((name) => join(DIST, name))
  for (const path of paths.filter((path) => PART.test(path) && !present.has(path))) {
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > LEFT_MS) await rm(path, { force: true })
  }
}

/** A package changes as a whole, and its package.json with it. */
const judgedBy = (input: string): string => input.replace(/^(node_modules\/(?:@[^/]+\/)?[^/]+)\/.*/, '$1/package.json')

async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(join(PROJECT, path))
  return `${size} ${mtimeMs}`
}

/** Whoever starts meanwhile finds the old one or the new one. */
async function replaceFile(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, contents)
  await rename(temporary, path)
}

if (import.meta.main) {
  try {
    await buildCli()
  } catch (error) {
    // The command line runs from its sources as well.
    console.error(`The command line was not bundled: ${error instanceof Error ? error.message : error}`)
    process.exitCode = process.argv.includes('--may-fail') ? 0 : 1
  }
}
