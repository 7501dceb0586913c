import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { buildCli } from '../../cli/build.ts'
import { migrate } from '../../db/migrate.ts'
import { buildWorker } from '../../embedded/build.ts'
import { ensureDatabase } from '../../embedded/database.ts'
import { startPostgres } from '../../embedded/postgres.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** One PostgreSQL for a whole test run, with a migrated database to copy. Tests reach it by `inject('postgres')`. */
export type SharedPostgres = {
  /** A superuser, on a database of no use. */
  ownerUrl: string
  template: { name: string; appPassword: string; systemPassword: string }
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: SharedPostgres
  }
}

/** A crash of the machine may cost a test run, so nothing is forced to disk; a killed server loses nothing by that. */
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'max_connections=300']
const TEMPLATE = 'bitvault_template'

/** `TEST_DATABASE_URL`, a superuser's, replaces the embedded server. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await temporaryFolder()
  const given = process.env['TEST_DATABASE_URL']
  const server = given ? null : await startServer(dir)
  const stop = async (): Promise<void> => {
    await server?.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    const ownerUrl = given ?? server!.ownerUrl
    // Once for all stacks. Where it does not build, the tests that need it say why; the others can do without.
    const [template] = await Promise.all([
      makeTemplate(ownerUrl),
      buildWorker().catch(() => false),
      buildCli().catch(() => {}),
    ])
    project.provide('postgres', { ownerUrl, template })
    return stop
  } catch (error) {
    await stop()
    throw error
  }
}

const startServer = (dir: string) =>
  startPostgres({ dataDir: join(dir, 'postgres'), ownerPassword: randomPassword(), settings: SETTINGS })

const randomPassword = (): string => randomBytes(18).toString('base64url')

async function makeTemplate(serverUrl: string): Promise<SharedPostgres['template']> {
  const logins = { appPassword: randomPassword(), systemPassword: randomPassword() }
  await migrate({ ownerUrl: await ensureDatabase(serverUrl, TEMPLATE), ...logins })
  return { name: TEMPLATE, ...logins }
}
