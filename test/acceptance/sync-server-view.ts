import { randomUUID } from 'node:crypto'
import type { Sql } from 'postgres'
import type { NodeStateWire } from '../../protocol/files.ts'
import { readBack } from '../faults/read-back.ts'
import type { Account, Answer } from '../support/account.ts'
import { hashOf, type Hash, type Tree } from './sync-ledger.ts'

const AT_ONCE = 8

/** What is in a folder of the server, as a new device would be told. @param place `space/folder` */
export async function serverTree({ call }: Account, place: string): Promise<Tree> {
  const { body } = await call('GET', `/v1/resolve?path=${encodeURIComponent(place)}`)
  const children = new Map<string, NodeStateWire[]>()
  for await (const node of snapshot(call)) {
    if (node.trashedAt !== null || node.parentId === null) continue
    const siblings = children.get(node.parentId)
    if (siblings) siblings.push(node)
    else children.set(node.parentId, [node])
  }
  const found: Record<string, Hash> = {}
  const folders = [{ id: body.node.id as string, path: '' }]
  for (const { id, path } of folders)
    for (const node of children.get(id) ?? []) {
      const at = path + node.name
      if (node.kind === 'folder') folders.push({ id: node.id, path: `${at}/` })
      found[node.kind === 'folder' ? `${at}/` : at] =
        node.kind === 'symlink' ? `-> ${node.linkTarget}` : (node.sha256 ?? '')
    }
  return found
}

async function* snapshot(call: Account['call']): AsyncGenerator<NodeStateWire> {
  for (let after: string | null = ''; after !== null;) {
    const query: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const { status, body } = await call('GET', `/v1/sync/snapshot?limit=1000${query}`)
    if (status !== 200) throw new Error(`the snapshot answered ${status} ${JSON.stringify(body)}`)
    yield* body.nodes
    after = body.next
  }
}

/** Every version of a file that the server says it has: also of what is in the trash, and in conflicts. */
export type Version = { node: string; revision: number; sha256: Hash }

export const versionsHeld = (sql: Sql): Promise<Version[]> =>
  sql<Version[]>`select v.node_id as node, v.revision, c.sha256 from versions v
    join contents c on c.tenant_id = v.tenant_id and c.id = v.content_ref`

/** The bytes of each version, as any client gets them. @returns the hashes of what came */
export async function readVersions({ url, token }: Account, versions: readonly Version[]): Promise<Set<Hash>> {
  const came = new Set<Hash>()
  const left = [...versions]
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop())
      came.add(hashOf(await readBack(url, token, next.node, next.revision)))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return came
}

/** What is in the trash can be read when it was brought back: into another folder, so that no device sees it. */
export async function emptyTrashAside({ call }: Account, space: string): Promise<void> {
  const ok = async (method: string, path: string, body?: unknown): Promise<Answer['body']> => {
    const answer = await call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const { id, rootId } = (await ok('GET', '/v1/spaces')).spaces.find(({ name }: { name: string }) => name === space)
  const trash = `/v1/trash?space=${id}`
  if ((await ok('GET', trash)).items.length === 0) return
  const { node } = await ok('POST', '/v1/folders', { parent: rootId, name: `brought back ${randomUUID()}` })
  for (let items = (await ok('GET', trash)).items; items.length > 0; items = (await ok('GET', trash)).items)
    for (const { node: item } of items as { node: NodeStateWire }[]) {
      const mutationId = randomUUID()
      await ok('POST', `/v1/nodes/${item.id}/restore`, { mutationId, parent: node.id, name: mutationId })
    }
}
