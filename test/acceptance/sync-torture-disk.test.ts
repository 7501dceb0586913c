import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { seededBytes } from '../../client/content/seeded-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { mountAlso, mountMemory, resizeMemory, unmount, whyNoMounts } from './mount.ts'
import { WITHIN } from './sync-cli-support.ts'
import { LIMIT_MS, Torture, type Round } from './sync-torture-support.ts'

/** Disks that come and go, are full, or are not what they were. */
const noMounts = whyNoMounts()
const MIB = 1024 * 1024

let torture: Torture
let round: Round
let dir: string
const mounted: string[] = []

beforeAll(async () => {
  torture = await Torture.open()
  dir = await temporaryFolder()
})
afterAll(async () => {
  await torture?.end()
  await rm(dir, { recursive: true, force: true })
})
afterEach(async () => {
  for (const path of mounted.splice(0).reverse()) unmount(path)
  await round?.end()
})

const without = (path: string): void => {
  unmount(path)
  mounted.splice(mounted.lastIndexOf(path), 1)
}
const withMemory = (path: string, size: string): string => {
  mountMemory(path, size)
  mounted.push(path)
  return path
}
const withDisk = (disk: string, path: string): string => {
  mountAlso(disk, path)
  mounted.push(path)
  return path
}

/** Both have worked; the folder of one of them is on a disk of its own. */
async function begin(anna: { folder: string; works?: string }): Promise<void> {
  const of = (path?: string) => (name: string) => (name === 'anna' ? path : undefined)
  round = await torture.round({
    folderOf: of(anna.folder),
    worksIn: of(anna.works),
    largestBytes: 200_000,
    keepsOpen: false,
  })
  round.act(25)
  await round.rest()
}

describe.skipIf(noMounts !== null)(`a disk of its own${noMounts === null ? '' : `: not tested, ${noMounts}`}`, () => {
  const NAMES = ['while it runs', 'and it is started without the disk'] as const

  test.each(NAMES)('RT-01: that is pulled out and put in again, %s', { timeout: LIMIT_MS }, async (how) => {
    const disk = withMemory(join(dir, `disk ${how}`), '200m')
    const path = withDisk(disk, join(dir, `mount point ${how}`))
    await begin({ folder: path, works: disk })
    const isAnew = how !== NAMES[0]
    if (isAnew) await round.a.stop()
    without(path)
    if (isAnew) await round.a.start()
    round.act(40)
    await round.a.until('stopped root-missing')
    await round.b.until('up-to-date')
    expect(readdirSync(path)).toEqual([])
    withDisk(disk, path)
    await round.rest()
  })

  test('RT-01: whose folder goes while files are on their way', { timeout: LIMIT_MS }, async () => {
    const disk = withMemory(join(dir, 'disk in use'), '200m')
    const path = withDisk(disk, join(dir, 'mount point in use'))
    await begin({ folder: path, works: disk })
    for (let i = 0; i < 3; i++) {
      await round.whileTheyAct(async (acts) => {
        await acts(10)
        without(path)
        await round.a.until('stopped root-missing')
        await acts(10)
        withDisk(disk, path)
      })
    }
    await round.rest()
  })

  test('RT-07: another disk in its place, with files of its own', { timeout: LIMIT_MS }, async () => {
    const disk = withMemory(join(dir, 'disk of ours'), '200m')
    const path = withDisk(disk, join(dir, 'mount point of both'))
    await begin({ folder: path, works: disk })
    withMemory(path, '10m')
    await writeFile(join(path, 'not ours'), 'x')
    round.act(20)
    await round.a.until('stopped root-missing')
    await round.b.until('up-to-date')
    await mkdir(join(path, '.bitvault'))
    await writeFile(join(path, '.bitvault', 'root'), '01999999-0000-7000-8000-000000000000\n')
    await round.a.until('stopped root-other')
    round.act(20)
    await round.b.until('up-to-date')
    expect(readdirSync(path).sort()).toEqual(['.bitvault', 'not ours'])
    expect(readdirSync(join(path, '.bitvault'))).toEqual(['root'])
    without(path)
    await round.rest()
  })

  test('DK-03: that is full, while files come and people save', { timeout: LIMIT_MS }, async () => {
    const path = withMemory(join(dir, 'small disk'), '8m')
    await begin({ folder: path })
    for (let i = 0; i < 8; i++) round.b.person.create(join(round.b.folder, `large ${i}`), 2 * MIB)
    await expect.poll(() => round.a.says(), WITHIN).toMatch(/^(offline|up-to-date blocked)/)
    await round.whileTheyAct((acts) => acts(30))
    await round.b.until('up-to-date')
    resizeMemory(path, '200m')
    await round.rest()
  })

  test('DK-04: where the state of the client is, that is full', { timeout: LIMIT_MS }, async () => {
    const state = withMemory(join(dirname(torture.computers[0]!.cli.cwd), 'home', 'state'), '4m')
    await begin({ folder: join(dir, 'roomy') })
    const { bavail, bsize } = statfsSync(state)
    writeFileSync(join(state, 'ballast'), seededBytes(1, bavail * bsize))
    await round.whileTheyAct((acts) => acts(30))
    await round.b.until('up-to-date')
    rmSync(join(state, 'ballast'))
    await round.rest()
    await round.a.stop()
  })
})
