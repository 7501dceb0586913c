import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createDice } from '../dice.ts'
import type { WrittenTree } from './random-files.ts'

/**
 * A tree like that of a large node_modules, from a seed: packages with a few levels of folders, six files a folder on average, names of words,
 * text that compresses as source code does. Sizes are log-normal: half of the files are below 1.6 KB, a few have megabytes.
 */
const FILES_PER_PACKAGE = 60
const FILES_PER_FOLDER = 12
const SPREAD = 1.7
const FILE_MAX_BYTES = 4 * 1024 * 1024
const POOL_BYTES = 16 * 1024 * 1024
const WORDS = 3_000
const ENDINGS = ['.js', '.js', '.js', '.d.ts', '.d.ts', '.js.map', '.json', '.md', '.mjs', '.ts']

export function writeModuleTree(root: string, options: { files: number; bytes: number; seed: number }): WrittenTree {
  const dice = createDice(options.seed)
  const fraction = (): number => (dice() + 0.5) / 2 ** 32
  const words = Array.from({ length: WORDS }, () => wordOf(dice))
  const word = (): string => words[Math.floor(fraction() ** 2 * WORDS)]!
  const sizes = sizesOf(options, fraction)
  const pool = poolOf(word)
  let folders = 0
  let bytes = 0
  let folder = ''
  let packageFolder = ''
  for (const [at, size] of sizes.entries()) {
    if (at % FILES_PER_PACKAGE === 0) packageFolder = join(root, `${word()}-${word()}-${at / FILES_PER_PACKAGE}`)
    if (at % FILES_PER_PACKAGE === 0 || fraction() < 1 / FILES_PER_FOLDER) {
      const way =
        at % FILES_PER_PACKAGE === 0 ? [] : Array.from({ length: 1 + (dice() % 2) }, (_, level) => `${word()}${level}`)
      folder = packageFolder
      for (const name of ['', ...way]) folders += makeFolder((folder = join(folder, name)))
    }
    const from = Math.floor(fraction() * (POOL_BYTES - size))
    const head = Buffer.from(`// ${at} ${word()} ${word()}\n`)
    const text = pool.subarray(from, from + size)
    writeNew(join(folder, `${word()}-${at}${ENDINGS[dice() % ENDINGS.length]}`), head.subarray(0, size), text)
    bytes += size
  }
  return { files: sizes.length, folders, bytes }
}

/** @returns 1 when it is new */
const makeFolder = (path: string): 0 | 1 => (mkdirSync(path, { recursive: true }) === undefined ? 0 : 1)

function writeNew(path: string, head: Uint8Array, text: Uint8Array): void {
  const fd = openSync(path, 'wx')
  try {
    writeSync(fd, head)
    if (text.length > head.length) writeSync(fd, text, 0, text.length - head.length)
  } finally {
    closeSync(fd)
  }
}

function sizesOf({ files, bytes }: { files: number; bytes: number }, fraction: () => number): number[] {
  const normal = (): number => Math.sqrt(-2 * Math.log(fraction())) * Math.cos(2 * Math.PI * fraction())
  const raw = Array.from({ length: files }, () => Math.exp(SPREAD * normal()))
  const scale = bytes / raw.reduce((sum, size) => sum + size, 0)
  return raw.map((size) => Math.min(FILE_MAX_BYTES, Math.max(1, Math.round(size * scale))))
}

function poolOf(word: () => string): Buffer {
  const pool = Buffer.alloc(POOL_BYTES)
  const marks = [' ', ' ', ' = ', '(', ')', '.', ';\n', ', ', '\n  ']
  for (let at = 0, turn = 0; at < POOL_BYTES; turn++) at += pool.write(word() + marks[turn % marks.length], at)
  return pool
}

const wordOf = (dice: () => number): string =>
  Array.from({ length: 3 + (dice() % 8) }, () => String.fromCharCode(97 + (dice() % 26))).join('')
