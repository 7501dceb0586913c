import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes, formatCount } from '../cli/text/quantity.ts'
import type { Facts } from './events.ts'
import { playConflict } from './conflict-scene.ts'
import { hasFile, measuringTraffic, there, type, untilBothUpToDate, type Stage } from './stage.ts'
import { expectThat, until } from './until.ts'

/** `title`: what a person would call it. `play` makes it happen, waits until it has, and says what came of it. */
type Scene = { name: SceneName; title: string; play: (stage: Stage) => Promise<Shown> }
export type Shown = { text: string; facts: Facts }
export type SceneName = 'create' | 'edit' | 'rename' | 'delta' | 'conflict' | 'trash' | 'brake'

const MIB = 1024 * 1024
const LARGE_BYTES = 64 * MIB
const PHOTOS = 300
const inMs = (ms: number): string => `${Math.max(1, Math.round(ms))} ms`

async function playCreate(stage: Stage): Promise<Shown> {
  const { laptop, desktop } = stage
  await desktop.untilState('up-to-date')
  stage.tell({ event: 'does', device: laptop.name, what: 'saves notes.txt' })
  await writeFile(laptop.at('notes.txt'), 'Buy milk.\n')
  const ms = await until('notes.txt comes to the desktop', () => hasFile(desktop, 'notes.txt', 'Buy milk.\n'), stage)
  await untilBothUpToDate(stage)
  return { text: `on the desktop ${inMs(ms)} after it was saved, the same bytes`, facts: { visibleAfterMs: ms } }
}

async function playEdit(stage: Stage): Promise<Shown> {
  const { laptop, desktop } = stage
  stage.tell({ event: 'does', device: desktop.name, what: 'adds a line to notes.txt' })
  await appendFile(desktop.at('notes.txt'), 'And bread.\n')
  const both = 'Buy milk.\nAnd bread.\n'
  const ms = await until('the edit comes to the laptop', () => hasFile(laptop, 'notes.txt', both), stage)
  await untilBothUpToDate(stage)
  const versions = (await type(stage, laptop, 'versions', there('notes.txt'))).split('\n').length
  return {
    text: `on the laptop after ${inMs(ms)}; the earlier version is kept`,
    facts: { visibleAfterMs: ms, versions },
  }
}

const photo = (at: number): string => `img-${String(at).padStart(4, '0')}.jpg`

async function playRename(stage: Stage): Promise<Shown> {
  const { laptop, desktop } = stage
  stage.tell({ event: 'does', device: laptop.name, what: `makes the folder photos, with ${PHOTOS} files` })
  await mkdir(laptop.at('photos'))
  for (let at = 0; at < PHOTOS; at++) await writeFile(laptop.at('photos', photo(at)), randomBytes(8_000))
  const isThere = (folder: string) => async (): Promise<boolean> => (await countOf(desktop.at(folder))) === PHOTOS
  const cameMs = await until(`${PHOTOS} files come to the desktop`, isThere('photos'), stage)
  await untilBothUpToDate(stage)
  const before = (await stat(desktop.at('photos', photo(7)))).ino
  let ms = 0
  const travelled = await measuringTraffic(stage, async () => {
    stage.tell({ event: 'does', device: laptop.name, what: 'renames it to holiday' })
    await rename(laptop.at('photos'), laptop.at('holiday'))
    ms = await until('the desktop renames the folder', isThere('holiday'), stage)
    await untilBothUpToDate(stage)
  })
  const isSameFile = (await stat(desktop.at('holiday', photo(7)))).ino === before
  expectThat('the files on the desktop were renamed, not fetched again', isSameFile)
  expectThat('no byte of a file travelled', travelled.fileBytesSent + travelled.fileBytesReceived === 0)
  return {
    text: `one move after ${inMs(ms)}; ${formatCount(PHOTOS, 'file')}, and no byte of them travelled`,
    facts: { files: PHOTOS, allThereAfterMs: cameMs, visibleAfterMs: ms, ...travelled },
  }
}

const countOf = async (folder: string): Promise<number> => (await readdir(folder).catch(() => [])).length

async function playDelta(stage: Stage): Promise<Shown> {
  const { laptop, desktop } = stage
  const film = randomBytes(LARGE_BYTES)
  const isThere = async (): Promise<boolean> => {
    const { size } = await stat(desktop.at('film.mov')).catch(() => ({ size: 0 }))
    return size === film.length && film.equals(await readFile(desktop.at('film.mov')))
  }
  let firstMs = 0
  const first = await measuringTraffic(stage, async () => {
    stage.tell({ event: 'does', device: laptop.name, what: `saves film.mov, ${formatBytes(film.length)}` })
    await writeFile(laptop.at('film.mov'), film)
    firstMs = await until('film.mov comes to the desktop', isThere, stage)
    await untilBothUpToDate(stage)
  })
  let ms = 0
  const second = await measuringTraffic(stage, async () => {
    stage.tell({ event: 'does', device: laptop.name, what: 'changes one byte in the middle of it' })
    await flipByte(laptop.at('film.mov'), film)
    ms = await until('the changed film.mov comes to the desktop', isThere, stage)
    await untilBothUpToDate(stage)
  })
  const [sent, received] = [second.fileBytesSent, second.fileBytesReceived]
  expectThat('much less than the whole file travelled again', sent + received < film.length / 8)
  return {
    text: `${formatBytes(sent)} sent and ${formatBytes(received)} fetched, instead of ${formatBytes(film.length)} each way`,
    facts: { fileBytes: film.length, firstMs, firstSent: first.fileBytesSent, visibleAfterMs: ms, ...second },
  }
}

/** On the disk, and in `bytes`. */
async function flipByte(path: string, bytes: Buffer): Promise<void> {
  const middle = bytes.length / 2
  bytes[middle] = bytes[middle]! ^ 1
  const file = await open(path, 'r+')
  await file.write(bytes, middle, 1, middle)
  await file.close()
}

async function playTrash(stage: Stage): Promise<Shown> {
  const { laptop, desktop } = stage
  const text = await readFile(desktop.at('notes.txt'), 'utf8')
  stage.tell({ event: 'does', device: laptop.name, what: 'deletes notes.txt' })
  await rm(laptop.at('notes.txt'))
  const ms = await until('it goes from the desktop', async () => !(await isThere(desktop.at('notes.txt'))), stage)
  await untilBothUpToDate(stage)
  const asked = type(stage, desktop, 'restore', there('notes.txt'))
  const isBack = async (): Promise<boolean> =>
    (await hasFile(laptop, 'notes.txt', text)) && hasFile(desktop, 'notes.txt', text)
  const [backMs] = await Promise.all([until('it comes back to both', isBack, stage), asked])
  await untilBothUpToDate(stage)
  return {
    text: `gone from the desktop after ${inMs(ms)}, into the trash; back on both ${inMs(backMs)} after the command was typed`,
    facts: { goneAfterMs: ms, backAfterMs: backMs },
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

async function playBrake(stage: Stage): Promise<Shown> {
  const { laptop, desktop } = stage
  stage.tell({ event: 'does', device: laptop.name, what: `deletes the folder holiday, with ${PHOTOS} files` })
  // At once, as a file manager does: into a trash of its own.
  await rename(laptop.at('holiday'), join(laptop.home, 'Trash'))
  await laptop.untilState('paused brake')
  const { brake } = await laptop.status()
  await type(stage, laptop, 'sync', 'status')
  expectThat('nothing was deleted on the desktop', (await countOf(desktop.at('holiday'))) === PHOTOS)
  await type(stage, laptop, 'sync', 'answer', 'keep')
  await until('all come back to the laptop', async () => (await countOf(laptop.at('holiday'))) === PHOTOS, stage)
  await untilBothUpToDate(stage)
  return {
    text: `the laptop asked before ${formatCount(brake?.items ?? 0, 'delete')}, and brought all back`,
    facts: { asked: brake?.items ?? 0, of: brake?.of ?? 0 },
  }
}

export const SCENES: readonly Scene[] = [
  { name: 'create', title: 'A file that is saved here is there', play: playCreate },
  { name: 'edit', title: 'An edit goes the other way', play: playEdit },
  { name: 'rename', title: 'A folder with many files is renamed', play: playRename },
  { name: 'delta', title: 'One byte changes in a large file', play: playDelta },
  { name: 'conflict', title: 'Both change a file while one is away', play: playConflict },
  { name: 'trash', title: 'What was deleted is restored', play: playTrash },
  { name: 'brake', title: 'Many deletes are asked about', play: playBrake },
]
