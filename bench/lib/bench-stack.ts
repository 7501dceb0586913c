import { createHash, randomUUID } from 'node:crypto'
import postgres, { type Sql } from 'postgres'
import { startStack, type Stack } from '../../embedded/stack.ts'
import { firstAccount, type Account } from '../../test/support/account.ts'
import type { BenchContext } from './bench.ts'

export type BenchStack = {
  stack: Stack
  /** Of the stack. */
  dir: string
  owner: Account
  sql: Sql
  sessionId: string
}

/** The product as it is shipped (plain workerd, embedded PostgreSQL, local bucket) with one signed-in person, for one benchmark. */
export async function startBenchStack(context: BenchContext, env: Record<string, string> = {}): Promise<BenchStack> {
  context.note('starting PostgreSQL, the bucket and workerd')
  const dir = await context.freshFolder()
  const stack = await startStack({ dir, quiet: true, env })
  context.afterwards(() => stack.stop())
  const owner = await firstAccount(stack)
  // A superuser's connection: it looks into every tenant and takes no part in what is measured.
  const sql = postgres(stack.ownerUrl, { max: 1, onnotice: () => {} })
  context.afterwards(() => sql.end({ timeout: 1 }))
  const claims = JSON.parse(Buffer.from(owner.token.split('.')[1]!, 'base64url').toString()) as { sid: string }
  return { stack, dir, owner, sql, sessionId: claims.sid }
}

/** A new folder in the person's space. */
export async function makeFolder({ owner }: BenchStack, name: string): Promise<string> {
  const { body } = await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name })
  return body.node.id
}

/** Waits until the consumers have nothing left that is due, so that their work is not measured as somebody else's. */
export async function untilQuiet({ sql }: Pick<BenchStack, 'sql'>): Promise<void> {
  for (;;) {
    const [row] = await sql<{ due: number }[]>`select count(*)::int as due from outbox where kind <> 'upload.expired'`
    if (row!.due === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The body of a request that commits a small file with its bytes. */
export function inlineCommit(parent: string, name: string): string {
  const text = `the content of ${name}, some two hundred bytes of it: ${'lorem ipsum '.repeat(12)}`
  const hash = createHash('sha256').update(text).digest('hex')
  return JSON.stringify({
    mutationId: randomUUID(),
    target: { parent, name },
    size: Buffer.byteLength(text),
    sha256: hash,
    content: { inline: Buffer.from(text).toString('base64') },
  })
}
