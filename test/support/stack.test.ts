import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { writeStubConfig } from './stub-config.ts'
import { testStack } from './stack.ts'
import { temporaryFolder } from './temporary-folder.ts'

vi.setConfig({ testTimeout: 30_000 })

const query = async (url: string, text: string) => {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  return sql.unsafe(text).finally(() => sql.end())
}

test('stacks of one run share a server and nothing in it; the Worker logs in with what it was given', async () => {
  const dir = await temporaryFolder()
  onTestFinished(() => rm(dir, { recursive: true }))
  const configPath = await writeStubConfig(join(dir, 'stub.capnp'))
  const [one, two] = await Promise.all([testStack({ configPath }), testStack({ configPath })])
  expect(new URL(one.ownerUrl).host).toBe(new URL(inject('postgres').ownerUrl).host)
  expect(one.ownerUrl).not.toBe(two.ownerUrl)
  for (const { appUrl, systemUrl } of [one, two]) {
    expect(await query(appUrl, 'select current_user as who')).toEqual([{ who: 'bitvault_app' }])
    expect(await query(systemUrl, 'select current_user as who')).toEqual([{ who: 'bitvault_system' }])
  }
  const [tables] = await query(one.ownerUrl, `select count(*)::int as n from pg_tables where schemaname = 'public'`)
  expect(tables?.['n']).toBeGreaterThan(5)
  await two.stop()
  const left = await query(
    inject('postgres').ownerUrl,
    `select datname from pg_database where datname like 'bitvault_%'`,
  )
  expect(left.map(({ datname }) => datname)).toEqual(
    expect.not.arrayContaining([new URL(two.ownerUrl).pathname.slice(1)]),
  )
})
