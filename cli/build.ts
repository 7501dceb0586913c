import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/*
 * One file out of the four hundred, and the hundred of packages, that the command line is made of: to find and read them one by one takes a third of the
 * time of a short command. bin.js takes the bundle as long as nothing has changed of what it was made of.
 */
const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(PROJECT, 'dist')
/** What is started: the command line, and its other threads. */
const ENTRIES = { cli: 'cli/main.ts', 'list-worker': 'client/node/sync/disk/list-worker.ts' }
/** Packages that find a file of their own beside them. */
const NATIVE = ['@parcel/watcher']
/** `{ <path below the project>: "<size> <Unix milliseconds of its last change>" }`, as bin.js compares it. */
const INPUTS = join(DIST, 'cli.inputs.json')

/** Writes dist/cli.js, what it starts, and dist/cli.inputs.json. @throws when the sources do not build */
export async function buildCli(): Promise<void> {
  const { outputFiles, metafile } = await build({
    entryPoints: ENTRIES,
    absWorkingDir: PROJECT,
    outdir: DIST,
    bundle: true,
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
  for (const { path, contents } of outputFiles) await replaceFile(path, contents)
  // Last: what it says is true of the bundle that is there already.
  await replaceFile(INPUTS, JSON.stringify(Object.fromEntries(stamps)))
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
