#!/usr/bin/env node
// Plain JavaScript for Node 20 and newer: the rest of the project is TypeScript that runs on the Node pinned in
// package.json. Where the caller's Node is older, this file starts the pinned one in its place and stays out of the way:
// same terminal, same signals, same exit code.
import { spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { constants, homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  // Types are stripped once, not at every start. What strips them stays in memory, some 35 MB, from the first file that needs it: so before
  // any of ours is read, and where it outlives a restart of the machine, as the folder for temporary files does not.
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE || cacheFolder())
  await import(isBundleFresh() ? '../dist/cli.js' : './main.ts')
} else runPinned()

/** The bundle (build.ts) is taken as long as nothing has changed of what it was made of. */
function isBundleFresh() {
  const project = fileURLToPath(new URL('..', import.meta.url))
  try {
    const inputs = JSON.parse(readFileSync(join(project, 'dist', 'cli.inputs.json'), 'utf8'))
    return Object.entries(inputs).every(([path, stamp]) => {
      const { size, mtimeMs } = statSync(join(project, path))
      return `${size} ${mtimeMs}` === stamp
    })
  } catch {
    return false
  }
}

function cacheFolder() {
  const { env, platform } = process
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'bitvault', 'compiled')
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bitvault', 'compiled')
}

function runPinned() {
  const node = findPinned()
  if (node === null) return fail(`it needs Node ${NEEDED_MAJOR} and this is ${process.version}: run npm install first`)
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // Ctrl-C reaches both processes, kill(1) only this one: so each is passed on, and main.ts takes two in a row for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + (constants.signals[signal] ?? 0)))
}

function findPinned() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    return null
  }
}

function fail(why) {
  process.stderr.write(`bitvault: ${why}\n`)
  process.exit(1)
}
