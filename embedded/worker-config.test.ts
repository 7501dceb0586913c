import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CONFIG_PATH, PROJECT_DIR, writeFaultsConfig } from './worker-config.ts'

const capnp = await readFile(CONFIG_PATH, 'utf8')
const toml = await readFile(join(PROJECT_DIR, 'wrangler.toml'), 'utf8')

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!)
const quoted = (text: string): string[] => all(text, /"([^"]+)"/g)
const one = (text: string, pattern: RegExp): string => {
  const found = all(text, pattern)
  expect(found).toHaveLength(1)
  return found[0]!
}

test('DESIGN 2: workerd and Cloudflare run the Worker under the same date and flags', () => {
  const date = one(toml, /^compatibility_date = "(.+)"$/gm)
  expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
  expect(one(capnp, /compatibilityDate = "(.+)"/g)).toBe(date)
  expect(quoted(one(capnp, /compatibilityFlags = (\[.*\])/g))).toEqual(
    quoted(one(toml, /^compatibility_flags = (\[.*\])$/gm)),
  )
})

test('DESIGN 2: both know the same Durable Objects under the same names, all with SQLite', () => {
  const bound = all(toml, /\{ name = "(\w+)", class_name = "\w+" \}/g)
  const classes = all(toml, /\{ name = "\w+", class_name = "(\w+)" \}/g)
  expect(classes.length).toBeGreaterThan(0)
  expect(all(capnp, /name = "(\w+)", durableObjectNamespace = "\w+"/g)).toEqual(bound)
  expect(all(capnp, /durableObjectNamespace = "(\w+)"/g)).toEqual(classes)
  expect(all(capnp, /className = "(\w+)", uniqueKey = "bitvault-\1", enableSql = true/g)).toEqual(classes)
  expect(quoted(one(toml, /^new_sqlite_classes = (\[.*\])$/gm))).toEqual(classes)
})

test('DESIGN 2: both give the Worker the same settings', () => {
  const vars = all(toml.split('[vars]')[1]!.split('[secrets]')[0]!, /^(\w+) = /gm)
  const secrets = quoted(one(toml, /^required = (\[[^\]]*\])/gm))
  expect(new Set(all(capnp, /fromEnvironment = "(\w+)"/g))).toEqual(new Set([...vars, ...secrets]))
  for (const name of all(capnp, /fromEnvironment = "(\w+)"/g))
    expect(capnp).toContain(`name = "${name}", fromEnvironment`)
})

test('the shipped configuration has no fault points; the one for tests adds them and nothing else', async () => {
  expect(capnp).not.toContain('FAULTS')
  const dir = await mkdtemp(join(tmpdir(), 'bitvault-config-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const file = join(dir, 'faults.capnp')
  await writeFaultsConfig({ base: CONFIG_PATH, file, faultsUrl: 'http://127.0.0.1:4000' })
  const changed = (await readFile(file, 'utf8')).split('\n')
  const before = new Set(capnp.split('\n'))
  expect(changed.filter((line) => !before.has(line)).map((line) => line.trim())).toEqual([
    '(name = "faults", external = (address = "127.0.0.1:4000", http = ())),',
    `modules = [(name = "main.js", esModule = embed "${join(PROJECT_DIR, 'dist/worker/main.js')}")],`,
    '(name = "FAULTS", service = "faults"),',
  ])
})
