import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDice } from './dice.ts'

/**
 * Small files from a seed. Sizes are spread evenly from 4.5 to 27.5 KiB, 16 KiB on average, so that none is small enough to travel
 * inline. Every other file is text (words of a list of 400, which zstd brings to a third); the rest is random bytes.
 */
const MIN_BYTES = 4.5 * 1024
const MAX_BYTES = 27.5 * 1024
const FILES_PER_FOLDER = 500
const WORDS = 400

export type SmallFile = { path: string; bytes: Buffer<ArrayBuffer> }

export async function writeSmallFiles(folder: string, options: { count: number; seed: number }): Promise<SmallFile[]> {
  const dice = createDice(options.seed)
  const words = Array.from({ length: WORDS }, () => wordOf(dice))
  const files: SmallFile[] = []
  for (let i = 0; i < options.count; i++) {
    const subfolder = join(folder, `folder-${Math.floor(i / FILES_PER_FOLDER)}`)
    if (i % FILES_PER_FOLDER === 0) await mkdir(subfolder, { recursive: true })
    const sizeBytes = Math.floor(MIN_BYTES + (dice() / 2 ** 32) * (MAX_BYTES - MIN_BYTES))
    const bytes = i % 2 === 0 ? textOf(dice, words, sizeBytes) : noiseOf(dice, sizeBytes)
    const path = join(subfolder, `file-${i}${i % 2 === 0 ? '.txt' : '.bin'}`)
    await writeFile(path, bytes)
    files.push({ path, bytes })
  }
  return files
}

const wordOf = (dice: () => number): string =>
  Array.from({ length: 3 + (dice() % 7) }, () => String.fromCharCode(97 + (dice() % 26))).join('')

function textOf(dice: () => number, words: string[], sizeBytes: number): Buffer<ArrayBuffer> {
  let text = ''
  while (text.length < sizeBytes) text += `${words[dice() % words.length]} `
  return Buffer.from(text.slice(0, sizeBytes))
}

function noiseOf(dice: () => number, sizeBytes: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(Math.ceil(sizeBytes / 4) * 4)
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(dice(), at)
  return bytes.subarray(0, sizeBytes)
}
