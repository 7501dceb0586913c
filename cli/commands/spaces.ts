import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Say } from '../say.ts'
import { alignColumns } from '../text/table.ts'
import type { Space } from '../../protocol/files.ts'
import type { World } from '../world.ts'

export const spaces = (call: Call, world: World): Promise<ExitCode> =>
  withConnection('spaces', call, world, async ({ api }, say) => {
    const all = await api.spaces()
    await say.json({ spaces: all })
    await say.lines(spaceLines(all, say))
    return EXIT.ok
  })

export const spaceLines = (all: readonly Space[], say: Say): string[] =>
  alignColumns(
    all.map((space) => [say.paint('blue', say.name(space.name)), space.kind, space.role]),
    ['left', 'left', 'left'],
  )
