import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { connect, type Db } from '../../db/connect.ts'
import { dropDatabase, ensureDatabase, withDatabase, withLogin } from '../../embedded/database.ts'

/** A migrated database of its own, on the run's shared server. */
export type TestDatabase = {
  appUrl: string
  systemUrl: string
  /** As the tenant role: rows through `asTenant` only. */
  app: Db
  system: Db
  /** A superuser, for damage that nobody else could do. */
  owner: Db
  drop(): Promise<void>
}

/** @param connections of each role */
export async function testDatabase(connections = 4): Promise<TestDatabase> {
  const { ownerUrl, template } = inject('postgres')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await ensureDatabase(ownerUrl, name, template.name)
  const base = withDatabase(ownerUrl, name)
  const appUrl = withLogin(base, 'bitvault_app', template.appPassword)
  const systemUrl = withLogin(base, 'bitvault_system', template.systemPassword)
  const open = (url: string) => connect(url, { max: connections })
  const [app, system, owner] = [open(appUrl), open(systemUrl), open(base)]
  return {
    appUrl,
    systemUrl,
    app,
    system,
    owner,
    async drop() {
      await Promise.all([app, system, owner].map((db) => db.end({ timeout: 2 })))
      await dropDatabase(ownerUrl, name)
    },
  }
}
