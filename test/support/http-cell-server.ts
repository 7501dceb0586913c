import { randomUUID } from 'node:crypto'
import type { ErrorCode } from '../../core/errors.ts'
import type { MutationId, NodeId } from '../../core/ids.ts'
import type { Outcome } from '../../core/namespace/model.ts'
import type { MutationResult } from '../../protocol/files.ts'
import { sha256, type Account } from './account.ts'
import type { CellServer, Change, Hand } from './conflict-stages.ts'

/** The real server: each change is a push of its own. */
export function httpCellServer(hands: Record<Hand, Account>, root: NodeId): CellServer {
  return {
    root,
    newId: () => randomUUID() as MutationId,
    async commit(by, id, change) {
      const { status, body } = await hands[by].call('POST', '/v1/sync/push', { mutations: [entryOf(id, change)] })
      if (status !== 200) throw new Error(`${change.kind}: ${status} ${JSON.stringify(body)}`)
      return outcomeOf(body.results[0])
    },
  }
}

function entryOf(id: MutationId, change: Change): Record<string, unknown> {
  if (change.kind !== 'write-file') return { id, ...change }
  const { target, base, text } = change
  if (change.nodeKind === 'symlink') return { id, kind: 'symlink', target, base, linkTarget: text }
  const bytes = Buffer.from(text)
  const content = { inline: bytes.toString('base64') }
  return { id, kind: 'write', target, base, size: bytes.length, sha256: sha256(bytes), content }
}

/** Ids and hashes on the wire are plain text. */
function outcomeOf(result: MutationResult): Outcome {
  if (result.outcome !== 'rejected') return result as unknown as Outcome
  const { code, ...facts } = result.problem
  return { outcome: 'rejected', code: code as ErrorCode, facts }
}
