import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { takeLock } from './lock.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bitvault-lock-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
})

const LOCK = new URL('lock.ts', import.meta.url).href
const holder = (then: string): string =>
  `import { takeLock } from '${LOCK}'; takeLock(process.argv[1]).announce({ url: 'http://localhost:1234' }); ${then}`
const node = (code: string): string[] => ['--input-type=module', '-e', code, dir]

test('a second holder is refused and told where the first one is', () => {
  const lock = takeLock(dir)
  lock.announce({ url: 'http://localhost:8787' })
  expect(() => takeLock(dir)).toThrow(`already runs on this folder at http://localhost:8787 (process ${process.pid})`)
  lock.release()
  takeLock(dir).release()
})

test('a holder that was killed holds nothing', async () => {
  const child = spawn(process.execPath, node(holder('console.log("held"); setInterval(() => {}, 1000)')))
  await once(child.stdout, 'data')
  expect(() => takeLock(dir)).toThrow(`at http://localhost:1234 (process ${child.pid})`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  takeLock(dir).release()
})

test('of many that start at once, one gets it', async () => {
  const contender = `import { takeLock } from '${LOCK}'
    let lock; try { lock = takeLock(process.argv[1]) } catch {}
    console.log(lock ? 'got it' : 'refused'); process.stdin.resume().once('end', () => process.exit())`
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, node(contender)))
  const answers = await Promise.all(children.map(async (child) => String((await once(child.stdout, 'data'))[0]).trim()))
  for (const child of children) child.stdin.end()
  expect(answers.toSorted()).toEqual(['got it', 'refused', 'refused', 'refused'])
})

test('a damaged lock file is replaced: it never holds anything', async () => {
  await writeFile(join(dir, 'lock.db'), 'no database, but long enough to be taken for one '.repeat(40))
  takeLock(dir).release()
})

test('a damaged note does not hide that the folder is taken', async () => {
  const lock = takeLock(dir)
  await writeFile(join(dir, 'running.json'), '{"pid"')
  expect(() => takeLock(dir)).toThrow('BitVault already runs on this folder.')
  lock.release()
})

test('a process that ends without releasing leaves it free', () => {
  execFileSync(process.execPath, node(holder('')))
  takeLock(dir).release()
})
