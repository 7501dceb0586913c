import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCliWorld, type CliWorld } from './cli-world.ts'

const FILES = 400
const BYTES = 20_000
/** About a pack: what a device asks for at once. */
const AT_ONCE = 200

let world: CliWorld
beforeAll(async () => void (world = await openCliWorld()))
afterAll(() => world?.stack.stop())

test('TF-14: whoever asks for many new files by their ids gets them with a few GETs', async () => {
  const { work, ok, phone } = world
  await mkdir(work('many'))
  for (let at = 0; at < FILES; at++) await writeFile(work('many', `f${at}`), randomBytes(BYTES))
  await ok('put', '-q', 'many', 'home')
  const { node } = await phone.resolve('home/many')
  const ids: string[] = []
  for await (const { id } of phone.children(node!.id)) ids.push(id)
  expect(ids).toHaveLength(FILES)
  ids.sort()
  for (let at = 0; at < FILES; at += AT_ONCE) {
    const wanted = ids.slice(at, at + AT_ONCE).map((id) => ({ id, revision: 1 }))
    const { contents, objects } = await phone.contents(wanted)
    expect(contents).toHaveLength(AT_ONCE)
    // Their packs, and one where the question begins or ends within one.
    expect(objects.length).toBeLessThanOrEqual(3)
  }
})
