import postgres from 'postgres'

const CONNECT_LIMIT_S = 10

/** The same server and login, another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

/** The same server and database, another login. */
export function withLogin(url: string, user: string, password: string): string {
  const changed = new URL(url)
  changed.username = user
  changed.password = password
  return changed.href
}

/**
 * Makes a database on a server if it is not there, as a copy of `template` if given, and answers its URL.
 * Throws the driver's error when the server refuses.
 */
export async function ensureDatabase(serverUrl: string, name: string, template?: string): Promise<string> {
  await withConnection(serverUrl, async (sql) => {
    const [found] = await sql`select from pg_database where datname = ${name}`
    if (found) return
    const like = template === undefined ? sql`` : sql`template ${sql(template)}`
    await sql`create database ${sql(name)} ${like}`
  })
  return withDatabase(serverUrl, name)
}

/** Also when somebody is still connected. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await withConnection(serverUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`)
}

async function withConnection(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: CONNECT_LIMIT_S, fetch_types: false, onnotice: () => {} })
  try {
    await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
