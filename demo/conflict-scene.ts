import { readFile, writeFile } from 'node:fs/promises'
import type { Shown } from './scenes.ts'
import { hasFile, there, type, untilBothEqual, type Stage } from './stage.ts'
import { expectThat, until } from './until.ts'

const FILE = 'plan.md'
const [FROM_LAPTOP, FROM_DESKTOP] = ['Meet on Monday.\n', 'Meet on Friday.\n']

/** Both are kept; a person says how it ends, with one command, once for both devices. */
export async function playConflict(stage: Stage): Promise<Shown> {
  const { laptop, desktop } = stage
  await writeFile(laptop.at(FILE), 'Meet.\n')
  await until(`${FILE} comes to the desktop`, () => hasFile(desktop, FILE, 'Meet.\n'), stage)
  await untilBothEqual(stage)
  await type(stage, desktop, 'sync', 'pause')
  await desktop.untilState('paused')
  stage.tell({ event: 'does', device: laptop.name, what: `writes “${FROM_LAPTOP.trim()}” into ${FILE}` })
  await writeFile(laptop.at(FILE), FROM_LAPTOP)
  stage.tell({ event: 'does', device: desktop.name, what: `writes “${FROM_DESKTOP.trim()}” into ${FILE}` })
  await writeFile(desktop.at(FILE), FROM_DESKTOP)
  await until(`the server has the version of the laptop`, () => isOnServer(stage, FROM_LAPTOP), stage)
  await type(stage, desktop, 'sync', 'resume')
  const copies = await untilBothKept(stage)
  await type(stage, desktop, 'sync', 'conflicts')
  await type(stage, desktop, 'conflicts', 'resolve', desktop.at(FILE), '--mine')
  await until(
    'one version is left on both',
    async () => (await hasFile(laptop, FILE, FROM_DESKTOP)) && (await hasFile(desktop, FILE, FROM_DESKTOP)),
    stage,
  )
  const left = await untilBothEqual(stage)
  expectThat(
    'no conflicted copy is left',
    copies.every((copy) => !left.has(copy)),
  )
  return {
    text: 'both versions were kept on both devices; one command ended it, and both are equal',
    facts: { copies },
  }
}

const isOnServer = async ({ laptop }: Stage, text: string): Promise<boolean> =>
  (await laptop.run('cat', there(FILE))) === text.trimEnd()

/** @returns the names of the conflicted copies */
async function untilBothKept(stage: Stage): Promise<string[]> {
  let copies: string[] = []
  await until(
    'both versions are on both devices',
    async () => {
      const tree = await untilBothEqual(stage)
      copies = [...tree.keys()].filter((path) => path.startsWith('plan (conflicted copy'))
      return copies.length > 0
    },
    stage,
  )
  for (const device of [stage.laptop, stage.desktop]) {
    const kept = await Promise.all([FILE, ...copies].map((path) => readFile(device.at(path), 'utf8')))
    expectThat(`the ${device.name} holds both versions`, kept.toSorted().join() === [FROM_DESKTOP, FROM_LAPTOP].join())
  }
  return copies
}
