import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { OWN_FOLDER } from '../client/sync/own-folder.ts'
import type { Device } from './device.ts'
import type { Tell } from './events.ts'
import type { Traffic } from './relay.ts'
import { until } from './until.ts'

/** The folder on the server that both are linked to. */
const PLACE = 'home/Files'
export const there = (path?: string): string => (path === undefined ? PLACE : `${PLACE}/${path}`)

/** What a scene plays on. */
export type Stage = {
  laptop: Device
  desktop: Device
  /** Bytes of files, between the devices and the object store; of questions and answers, between them and the Worker. */
  traffic: { files: Traffic; messages: Traffic }
  signal: AbortSignal
  tell: Tell
}

/** Types a command on a device, for all to see. @returns what it said */
export async function type({ tell }: Stage, device: Device, ...args: string[]): Promise<string> {
  const words = args.map((word) => word.replace(device.home, '~')).join(' ')
  tell({ event: 'command', device: device.name, command: `bitvault ${words}` })
  const text = await device.run(...args)
  tell({ event: 'said', device: device.name, text })
  return text
}

/** A device has a file with these bytes. */
export const hasFile = async (device: Device, path: string, bytes: string): Promise<boolean> =>
  (await readFile(device.at(path), 'utf8').catch(() => null)) === bytes

/** Everything that a person sees in the folder of a device: each file with the hash of its bytes. */
export async function treeOf(device: Device): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(device.folder, { recursive: true, withFileTypes: true })
  const tree = new Map<string, string>()
  for (const entry of entries) {
    const path = relative(device.folder, join(entry.parentPath, entry.name)).split(sep).join('/')
    if (!entry.isFile() || path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)) continue
    const bytes = await readFile(device.at(path))
    tree.set(path, createHash('sha256').update(bytes).digest('hex'))
  }
  return tree
}

/** Until both devices say that they are up to date. */
export async function untilBothUpToDate({ laptop, desktop }: Stage): Promise<void> {
  await laptop.untilState('up-to-date')
  await desktop.untilState('up-to-date')
}

/** Until both say that they are up to date, and hold the same. @returns that */
export async function untilBothEqual(stage: Stage): Promise<ReadonlyMap<string, string>> {
  let tree: ReadonlyMap<string, string> = new Map()
  await until(
    'both folders are equal',
    async () => {
      await untilBothUpToDate(stage)
      const [here, there] = await Promise.all([treeOf(stage.laptop), treeOf(stage.desktop)])
      tree = here
      return here.size === there.size && [...here].every(([path, hash]) => there.get(path) === hash)
    },
    stage,
  )
  return tree
}

/** What travels while something happens. */
export async function measuringTraffic(
  { traffic: { files, messages } }: Stage,
  work: () => Promise<void>,
): Promise<{ fileBytesSent: number; fileBytesReceived: number; messageBytes: number }> {
  const before = { ...files, messages: messages.sent + messages.received }
  await work()
  return {
    fileBytesSent: files.sent - before.sent,
    fileBytesReceived: files.received - before.received,
    messageBytes: messages.sent + messages.received - before.messages,
  }
}
