import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Abilities } from '../../../../core/reconcile/abilities.ts'
import type { Looks } from './disk-entry.ts'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { inside, type Root } from './root.ts'

/** The system's clock for files ticks at least this often, whatever the file system could store. */
const TICK_NS = 10_000_000n
/** With a fraction that no coarse grain holds; odd, for those that keep every other second. */
const ODD_SECONDS = 1_000_000_001.123456
const ODD_NS = 1_000_000_001_123_456_000n
const GRAINS_NS = [10_000_000n, 100_000_000n, 1_000_000_000n, 2_000_000_000n]

/** What this file system can hold and tell apart, found out by doing it in a folder of ours; nothing of it stays. */
export function probeAbilities(root: Root): { abilities: Abilities; looks: Looks } {
  const folder = inside(root, `${OWN_FOLDER}/probe`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  try {
    const nameMax = probeNameMax(folder)
    const executableBit = probeExecutableBit(folder)
    const abilities: Abilities = {
      isCaseSensitive: !isSame(folder, 'case-a', 'CASE-A'),
      normalises: probeNormalisation(folder),
      symlinks: attempt(() => symlinkSync('target', join(folder, 'link'))),
      executableBit,
      nameMax,
      pathMax: pathMaxBelow(root, nameMax.of),
      refuses: attempt(() => writeFileSync(join(folder, 'a?b'), '')) ? 'nothing' : 'windows',
      grainNs: probeGrain(folder),
    }
    return { abilities, looks: { executableBit, dev: root.dev, birthTime: probeBirthTime(folder) } }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

function isSame(folder: string, a: string, b: string): boolean {
  writeFileSync(join(folder, a), '')
  return lstatSync(join(folder, b), { throwIfNoEntry: false }) !== undefined
}

/** A file system that keeps the spelling but finds one by the other cannot hold both either: as if it composed them. */
function probeNormalisation(folder: string): Abilities['normalises'] {
  const [composed, decomposed] = ['norm-\u00e9', 'norm-e\u0301']
  const isOne = isSame(folder, composed, decomposed)
  if (readdirSync(folder).includes(decomposed)) return 'nfd'
  return isOne ? 'nfc' : 'nothing'
}

function probeExecutableBit(folder: string): boolean {
  if (process.platform === 'win32') return false
  const path = join(folder, 'x')
  writeFileSync(path, '')
  const modeAfter = (mode: number): number => {
    attempt(() => chmodSync(path, mode))
    return lstatSync(path).mode & 0o100
  }
  return modeAfter(0o700) !== 0 && modeAfter(0o600) === 0
}

/** The longest name of one-byte letters; then whether as many letters of two bytes fit as well: it counts letters, not bytes. */
function probeNameMax(folder: string): Abilities['nameMax'] {
  const fits = (letter: string, count: number): boolean => {
    const path = join(folder, letter.repeat(count))
    return attempt(() => writeFileSync(path, '')) && attempt(() => rmSync(path))
  }
  let [most, tooMany] = [8, 256]
  if (fits('n', 255)) most = 255
  while (most < tooMany - 1) {
    const middle = Math.floor((most + tooMany) / 2)
    if (fits('n', middle)) most = middle
    else tooMany = middle
  }
  return { units: most, of: fits('\u00e9', most) ? 'utf16' : 'utf8' }
}

/** Of the path below the root. Windows takes long ones from Node, which asks for them by their long form. */
function pathMaxBelow(root: Root, units: Abilities['nameMax']['of']): number | null {
  if (process.platform === 'win32') return null
  const whole = process.platform === 'linux' ? 4_095 : 1_023
  return whole - (units === 'utf8' ? Buffer.byteLength(root.path) : root.path.length) - 1
}

function probeGrain(folder: string): bigint {
  const path = join(folder, 't')
  writeFileSync(path, '')
  utimesSync(path, ODD_SECONDS, ODD_SECONDS)
  const lost = ODD_NS - lstatSync(path, { bigint: true }).mtimeNs
  const distance = lost < 0n ? -lost : lost
  // What is lost is less than a grain, or just one where it rounds up.
  if (distance < 1_000_000n) return TICK_NS
  return GRAINS_NS.find((grain) => distance <= grain) ?? 2_000_000_000n
}

/**
 * Whether the time of birth stays when everything else changes. Only Linux is asked: elsewhere inodes are not used again, and an old time given
 * to a file moves its birth.
 */
function probeBirthTime(folder: string): boolean {
  if (process.platform !== 'linux') return false
  const path = join(folder, 'b')
  writeFileSync(path, '')
  const birth = () => lstatSync(path, { bigint: true }).birthtimeNs
  const before = birth()
  utimesSync(path, ODD_SECONDS, ODD_SECONDS)
  attempt(() => chmodSync(path, 0o640))
  return before > 0n && before !== ODD_NS && birth() === before && before !== lstatSync(path, { bigint: true }).ctimeNs
}
