/** What the file system of a device can hold and tell apart: found out by probing the root, never guessed from the platform. */
export type Abilities = {
  isCaseSensitive: boolean
  /** `nfd`: it hands out decomposed names, whatever it was given. */
  normalises: 'nothing' | 'nfc' | 'nfd'
  symlinks: boolean
  executableBit: boolean
  /** Of a name: bytes of UTF-8, or UTF-16 units. */
  nameMax: { units: number; of: 'utf8' | 'utf16' }
  /** Of a whole path, in the same units; `null` = no limit that we meet. */
  pathMax: number | null
  /** Names and characters that Windows refuses. */
  refuses: 'nothing' | 'windows'
  /** Of modification times. */
  grainNs: bigint
}

export const LINUX: Abilities = {
  isCaseSensitive: true,
  normalises: 'nothing',
  symlinks: true,
  executableBit: true,
  nameMax: { units: 255, of: 'utf8' },
  pathMax: 4_095,
  refuses: 'nothing',
  grainNs: 10_000_000n,
}
