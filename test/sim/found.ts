import { readdirSync, readFileSync } from 'node:fs'
import { FILE_SYSTEMS } from './config.ts'
import { NO_FAULTS, type PlannedFault } from './fault.ts'
import type { PlannedMove, Script } from './script.ts'
import { GOOD_WATCH, type WatchModel } from './virtual-watcher.ts'

/** What a seed has found, shrunk to what is needed. Each is a file in test/sim/found, and stays a test once it is mended. */
export type Found = {
  seed: number
  rule: string
  /** What went wrong, in a sentence. */
  story: string
  devices: readonly { fs: FileSystem; watch?: WatchModel; skewUs?: number; canWrite?: boolean }[]
  moves: readonly PlannedMove[]
  faults: readonly PlannedFault[]
  untilUs?: number
}

type FileSystem = keyof typeof FILE_SYSTEMS

const FOLDER = new URL('found/', import.meta.url)

export const readFound = (): Found[] =>
  readdirSync(FOLDER)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Found)

export function scriptOfFound({ seed, devices, moves, faults, untilUs }: Found): Script {
  const config = {
    rates: NO_FAULTS,
    moves: 0,
    gapRate: 0,
    groups: [],
    devices: devices.map(({ fs, watch = GOOD_WATCH, skewUs = 0, canWrite = true }, at) => ({
      name: `device ${at}`,
      fs: FILE_SYSTEMS[fs],
      watch,
      skewUs,
      canWrite,
      isActive: true,
    })),
  }
  return { seed, config, moves: [...moves], faults: [...faults], ...(untilUs === undefined ? {} : { untilUs }) }
}

/** @returns what a file of test/sim/found holds, a line for each move and fault; the story is for a person to write */
export function printFound({ seed, config, moves, faults, untilUs }: Script, rule: string): string {
  const kinds = Object.keys(FILE_SYSTEMS) as FileSystem[]
  const devices = config.devices.map(({ fs, watch, skewUs, canWrite = true }) => ({
    fs: kinds.find((name) => FILE_SYSTEMS[name] === fs)!,
    ...(watch !== GOOD_WATCH && { watch }),
    ...(skewUs !== 0 && { skewUs }),
    ...(!canWrite && { canWrite }),
  }))
  const rows = (name: string, all: readonly unknown[]): string =>
    `"${name}": [${all.map((one) => `\n    ${JSON.stringify(one)}`).join(',')}${all.length > 0 ? '\n  ' : ''}]`
  const parts = [
    `"seed": ${seed}`,
    `"rule": ${JSON.stringify(rule)}`,
    '"story": ""',
    rows('devices', devices),
    rows('moves', moves ?? []),
    rows('faults', faults ?? []),
    ...(untilUs === undefined ? [] : [`"untilUs": ${untilUs}`]),
  ]
  return `{\n  ${parts.join(',\n  ')}\n}`
}
