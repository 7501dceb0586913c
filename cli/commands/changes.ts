import type { Api } from '../../client/api.ts'
import type { Change } from '../../protocol/sync.ts'
import type { Call } from '../command.ts'
import { withConnection, type Connection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { createPathFinder, type PathFinder } from '../remote-place.ts'
import { formatRemotePath } from '../remote-path.ts'
import type { Say } from '../say.ts'
import type { Colour } from '../text/paint.ts'
import { formatBytes, formatMoment } from '../text/quantity.ts'
import type { World } from '../world.ts'
import { followChanges, type ChangesPage } from './follow-changes.ts'

type ChangesOptions = { follow: boolean; cursor: string | undefined }

export async function changes(call: Call<ChangesOptions>, world: World): Promise<ExitCode> {
  const { follow, cursor } = call.options
  return withConnection('changes', call, world, async (connection, say) => {
    const teller: Teller = { paths: createPathFinder(connection.api), say, cursor: cursor ?? null }
    if (follow) return followUntilStopped(connection, world, teller)
    for await (const page of allChanges(connection.api, cursor)) await tell(teller, page)
    await say.json({ event: 'cursor', cursor: teller.cursor })
    await sayCursor(teller)
    return EXIT.ok
  })
}

/** `cursor`: how far was told. */
type Teller = { paths: PathFinder; say: Say; cursor: string | null }

async function tell(teller: Teller, { changes: some, cursor }: ChangesPage): Promise<void> {
  for (const change of some) await show(change, teller)
  teller.cursor = cursor
}

/** Ctrl-C is how it ends, and no failure to speak of. */
async function followUntilStopped(connection: Connection, world: World, teller: Teller): Promise<ExitCode> {
  const { say } = teller
  const note = (text: string) => say.note(say.paintNote('dim', text))
  try {
    return await followChanges(connection, world, teller.cursor, {
      async page(page) {
        await tell(teller, page)
        await say.json({ event: 'cursor', cursor: page.cursor })
      },
      waiting: (again) => note(again ? 'Back again.' : 'Waiting for changes … (Ctrl-C ends)'),
      lost: () => note('The connection is lost: trying again …'),
      gap: () => note('The journal begins anew: what happened in between cannot be told.'),
    })
  } catch (error) {
    if (!world.signal.aborted) throw error
    await sayCursor(teller)
    return EXIT.interrupted
  }
}

const sayCursor = async ({ say, cursor }: Teller): Promise<void> => {
  if (cursor !== null) await say.note(say.paintNote('dim', `Go on from here: bitvault changes --cursor ${cursor}`))
}

async function* allChanges(api: Api, from: string | undefined): AsyncIterable<ChangesPage> {
  let cursor = from
  for (let more = true; more;) {
    const page = await api.changes({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) })
    yield page
    cursor = page.cursor
    more = page.more
  }
}

const KINDS: Record<Change['kind'], readonly [word: string, colour: Colour]> = {
  created: ['new', 'green'],
  updated: ['changed', 'yellow'],
  moved: ['moved', 'blue'],
  trashed: ['deleted', 'red'],
  restored: ['restored', 'green'],
  purged: ['gone', 'dim'],
}

async function show(change: Change, { paths, say }: Teller): Promise<void> {
  const { node, kind, at } = change
  const before = paths.learn(node)
  const segments = await paths.of(node)
  const path = formatRemotePath(segments)
  await say.json({ event: 'change', path, ...change })
  const [word, colour] = KINDS[kind]
  const shown = `${say.name(path)}${node.kind === 'folder' ? '/' : ''}`
  const from = kind === 'moved' && before !== null ? [segments[0] ?? '', ...before] : null
  const where = from === null ? shown : `${say.name(formatRemotePath(from))} → ${shown}`
  const facts = factsOf(change)
  await say.lines([
    `${say.paint('dim', formatMoment(at))}  ${say.paint(colour, word.padEnd(8))}  ${where}${facts === '' ? '' : say.paint('dim', `  ${facts}`)}`,
  ])
}

function factsOf({ kind, seq, node }: Change): string {
  if (kind === 'trashed' || kind === 'purged' || kind === 'moved') return ''
  // Time, executable bit, properties, a label, the end of a conflict.
  if (kind === 'updated' && node.kind !== 'folder' && node.contentSeq !== seq) return 'not its content'
  if (node.kind === 'symlink') return `-> ${node.linkTarget ?? ''}`
  return node.kind === 'folder' ? '' : `${formatBytes(node.size ?? 0)}, v${node.contentRevision}`
}
