import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import postgres, { type TransactionSql } from 'postgres'

/**
 * What one would write otherwise: a plain Node HTTP server, a pool of 16 connections, each commit a transaction of its own that
 * locks the tenant's row, looks, decides and writes. The rows are those that the journal writes, in the same tables, under the same
 * role and row-level security. No token is verified and no schema checked, which is in its favour.
 *
 * Started by bench/commit.ts with the URL of the database; prints its port.
 */
const [databaseUrl = '', tenant = '', session = ''] = process.argv.slice(2)
const sql = postgres(databaseUrl, { max: 16, fetch_types: false, onnotice: () => {} })

type Body = {
  mutationId: string
  target: { parent: string; name: string }
  size: number
  sha256: string
  content: { inline: string }
}

async function commit(tx: TransactionSql, body: Body): Promise<unknown> {
  const now = new Date()
  await tx`select set_config('app.tenant_id', ${tenant}, true)`
  const [head] = await tx<{ seq: string }[]>`select seq from tenant_head where tenant_id = ${tenant} for update`
  const [prior] = await tx`select seq from mutations where tenant_id = ${tenant} and id = ${body.mutationId}`
  if (prior) return { outcome: 'applied', seq: prior['seq'] }
  const [principal] = await tx<{ user_id: string; device_name: string }[]>`
    select s.user_id, s.device_name from sessions s join memberships m on m.tenant_id = s.tenant_id and m.user_id = s.user_id and m.removed_at is null
    where s.tenant_id = ${tenant} and s.id = ${session} and s.revoked_at is null`
  const [parent] = await tx<{ space_id: string; kind: string }[]>`
    select n.space_id, n.kind from nodes n join space_members sm on sm.tenant_id = n.tenant_id and sm.space_id = n.space_id and sm.user_id = ${principal!.user_id}
    where n.tenant_id = ${tenant} and n.id = ${body.target.parent} and n.trashed_at is null`
  const [taken] = await tx`
    select id from nodes where tenant_id = ${tenant} and parent_id = ${body.target.parent} and name_key = ${body.target.name} and trashed_at is null`
  if (!parent || taken) throw new Error('refused')
  const seq = Number(head!.seq) + 1
  const id = randomUUID()
  const manifest = createHash('sha256').update(body.sha256).digest('hex')
  const node = {
    id,
    spaceId: parent.space_id,
    parentId: body.target.parent,
    kind: 'file',
    name: body.target.name,
    contentRevision: 1,
    placementRevision: 1,
    size: body.size,
    sha256: body.sha256,
    contentId: manifest,
    codec: 'raw',
    mtimeNs: null,
    executable: false,
    createdAt: now.getTime(),
    changedAt: now.getTime(),
    changedSeq: seq,
  }
  const outcome = { outcome: 'applied', seq, node }
  await tx`insert into contents (tenant_id, id, content_id, codec, size, sha256, inline, chunk_count)
    values (${tenant}, ${body.mutationId}, ${manifest}, 'raw', ${body.size}, ${body.sha256}, ${Buffer.from(body.content.inline, 'base64')}, 0)`
  await tx`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, size, sha256, content_id, codec, executable, created_at, changed_at, changed_seq)
    values (${tenant}, ${id}, ${parent.space_id}, ${body.target.parent}, 'file', ${body.target.name}, ${body.target.name}, 1, 1, ${body.size}, ${body.sha256}, ${manifest}, 'raw', false, ${now}, ${now}, ${seq})`
  await tx`insert into versions (tenant_id, node_id, revision, content_ref, executable, created_by, device, created_at, seq, base_revision)
    values (${tenant}, ${id}, 1, ${body.mutationId}, false, ${principal!.user_id}, ${principal!.device_name}, ${now}, ${seq}, 0)`
  await tx`insert into journal (tenant_id, seq, kind, node_id, space_id, mutation_id, user_id, session_id, at, node)
    values (${tenant}, ${seq}, 'created', ${id}, ${parent.space_id}, ${body.mutationId}, ${principal!.user_id}, ${session}, ${now}, ${JSON.stringify(node)}::text::jsonb)`
  await tx`insert into mutations (tenant_id, id, fingerprint, seq, outcome, at)
    values (${tenant}, ${body.mutationId}, ${body.sha256}, ${seq}, 'applied', ${now})`
  await tx`insert into outbox (tenant_id, kind, payload) values (${tenant}, 'journal.appended', ${JSON.stringify({ lastSeq: seq })}::text::jsonb)`
  await tx`update tenant_head set seq = ${seq} where tenant_id = ${tenant}`
  return outcome
}

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(parts).toString()) as Body
    const answer = (status: number, value: unknown) => {
      const text = JSON.stringify(value)
      response
        .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
        .end(text)
    }
    sql
      .begin((tx) => commit(tx, body))
      .then(
        (outcome) => answer(201, outcome),
        (error: unknown) => answer(500, { error: String(error) }),
      )
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as { port: number }).port))
