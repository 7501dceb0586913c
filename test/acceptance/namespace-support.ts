import { randomUUID } from 'node:crypto'
import { inlineFile, type Account } from '../support/account.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

/** A folder of that name, by default of a name that nothing else has. */
export async function makeFolder(who: Account, parent: string, name: string = randomUUID()): Promise<NodeStateWire> {
  const { status, body } = await who.call('POST', '/v1/folders', { parent, name })
  if (status !== 201) throw new Error(`no folder: ${status} ${JSON.stringify(body)}`)
  return body.node
}

/** A file, or its next version when `base` says that it is there. */
export async function writeText(
  who: Account,
  parent: string,
  name: string,
  { text = 'text', base = 0 } = {},
): Promise<NodeStateWire> {
  const { status, body } = await who.call('POST', '/v1/files', inlineFile(parent, name, text, { base }))
  if (status !== 201) throw new Error(`no file: ${status} ${JSON.stringify(body)}`)
  return body.files[0].result.node
}

export const namesIn = async (who: Account, folder: string): Promise<string[]> => {
  const { body } = await who.call('GET', `/v1/folders/${folder}/children`)
  return body.children.map((child: NodeStateWire) => child.name)
}

/** The head of the tenant's journal, as the last entry of its feed tells it. */
export async function headOf(who: Account): Promise<number> {
  let cursor: string | null = null
  let seq = 0
  for (;;) {
    const { body } = await who.call('GET', `/v1/sync/changes?limit=1000${cursor === null ? '' : `&cursor=${cursor}`}`)
    seq = body.changes.at(-1)?.seq ?? seq
    cursor = body.cursor as string
    if (!body.more) return seq
  }
}
