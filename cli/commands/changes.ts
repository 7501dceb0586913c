import type { Api } from '../../client/api.ts'
import type { Change } from '../../protocol/sync.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
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
  return withConnection('changes', call, world, async ({ api, patientApi }, say) => {
    const paths = createPathFinder(api)
    const pages = follow ? followChanges(patientApi, cursor ?? null) : allChanges(api, cursor)
    let last: string | null = null
    try {
      for await (const page of pages) {
        last = page.cursor
        for (const change of page.changes) await show(change, { paths, say })
        if (follow) await say.json({ event: 'cursor', cursor: last })
        if (page.isFirst === true) await say.note(say.paintNote('dim', 'Waiting for changes … (Ctrl-C ends)'))
      }
    } catch (error) {
      if (!follow || !world.signal.aborted) throw error
      await sayCursor(say, last)
      return EXIT.interrupted
    }
    if (!follow) await say.json({ event: 'cursor', cursor: last })
    await sayCursor(say, last)
    return EXIT.ok
  })
}

const sayCursor = async (say: Say, cursor: string | null): Promise<void> => {
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

async function show(change: Change, { paths, say }: { paths: PathFinder; say: Say }): Promise<void> {
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

function factsOf({ kind, node }: Change): string {
  if (kind === 'trashed' || kind === 'purged' || kind === 'moved') return ''
  if (node.kind === 'symlink') return `-> ${node.linkTarget ?? ''}`
  return node.kind === 'folder' ? '' : `${formatBytes(node.size ?? 0)}, v${node.contentRevision}`
}
