#!/usr/bin/env node
// Plain JavaScript for Node 20 and newer: the rest of the project is TypeScript that runs on the Node pinned in
// package.json. Where the caller's Node is older, this file starts the pinned one in its place and stays out of the way:
// same terminal, same signals, same exit code.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) await import('./main.ts')
else runPinned()

function runPinned() {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const node = findPinned()
  if (node === null) return fail(`it needs Node ${NEEDED_MAJOR} and this is ${process.version}: run npm install first`)
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
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
