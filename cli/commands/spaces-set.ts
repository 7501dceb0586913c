import { namespaceOf } from '../../client/namespace.ts'
import type { SpaceSettings, SpaceSettingsBody } from '../../protocol/mutations.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { parseRemotePath } from '../remote-path.ts'
import { formatCount } from '../text/quantity.ts'
import type { World } from '../world.ts'
import { findSpace } from './trash-places.ts'

type Options = {
  'trash-days': number | undefined
  'versions-days': string | undefined
  'versions-count': string | undefined
}

export async function spacesSet(call: Call<Options>, world: World): Promise<ExitCode> {
  const settings = settingsOf(call.options)
  const { segments } = parseRemotePath(call.args[0] ?? '')
  if (segments.length !== 1) throw usageError('name a space, such as home; bitvault spaces lists yours')
  return withConnection('spaces-set', call, world, async ({ api }, say) => {
    const space = await findSpace(api, segments[0] ?? '')
    const now = await namespaceOf(api).setSpace(space.id, settings)
    await say.json({ name: space.name, ...now })
    await say.done(`${say.name(space.name)}: ${describe(now)}`)
    return EXIT.ok
  })
}

const describe = ({ trashDays, versionDays, versionCount }: SpaceSettings): string => {
  const days = `old versions ${versionDays === null ? 'for ever' : `for ${formatCount(versionDays, 'day')}`}`
  const count = versionCount === null ? '' : `, of a file the newest ${versionCount.toLocaleString('en-US')}`
  return `the trash is kept for ${formatCount(trashDays, 'day')}; ${days}${count}`
}

function settingsOf(options: Options): SpaceSettingsBody {
  const settings: SpaceSettingsBody = {}
  if (options['trash-days'] !== undefined) settings.trashDays = options['trash-days']
  if (options['versions-days'] !== undefined)
    settings.versionDays = countOrAll('--versions-days', options['versions-days'])
  if (options['versions-count'] !== undefined)
    settings.versionCount = countOrAll('--versions-count', options['versions-count'])
  if (Object.keys(settings).length === 0)
    throw usageError('say what to set: --trash-days, --versions-days, --versions-count')
  return settings
}

/** `all`: no limit. Throws a usage error. */
function countOrAll(option: string, text: string): number | null {
  if (text === 'all') return null
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw usageError(`${option} needs a whole number from 1, or all, not “${text}”`)
}
