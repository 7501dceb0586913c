import { namespaceOf, type Attributes } from '../../client/namespace.ts'
import { CONFLICT_POLICIES, type ConflictPolicy } from '../../core/namespace/model.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import type { ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { lookUp, settledOf } from '../remote.ts'
import { formatRemotePath, parseRemotePathInSpace } from '../remote-path.ts'
import type { World } from '../world.ts'
import { eachItem } from './each-item.ts'

type SetOptions = {
  executable: boolean
  'no-executable': boolean
  mtime: string | undefined
  property: string[]
  'remove-property': string[]
  conflicts: string | undefined
}

/** Everything is looked up before the first is changed, so that a wrong name leaves nothing half done. */
export async function set(call: Call<SetOptions>, world: World): Promise<ExitCode> {
  const attributes = attributesOf(call.options, world.now())
  if (Object.keys(attributes).length === 0)
    throw usageError('say what to set: --executable, --mtime, --property, --conflicts')
  const paths = call.args.map(parseRemotePathInSpace)
  return withConnection('set', call, world, async ({ api }, say) => {
    const found: { shown: string; node: NodeStateWire }[] = []
    for (const path of paths) {
      const node = await lookUp(api, path)
      const shown = formatRemotePath(path.segments)
      if (attributes.conflictPolicy !== undefined && node.kind !== 'folder')
        throw usageError(`--conflicts is of folders, for what lies in them, and ${shown} is a ${node.kind}`)
      if (attributes.executable !== undefined && node.kind !== 'file')
        throw usageError(`--executable is of files, and ${shown} is a ${node.kind}`)
      found.push({ shown, node })
    }
    return eachItem(say, found, async ({ shown, node }) => {
      const { node: changed } = settledOf(await namespaceOf(api).setAttributes(node.id, attributes))
      await say.json({ path: shown, ...changed })
      await say.done(`Set ${say.name(shown)}`)
    })
  })
}

function attributesOf(options: SetOptions, nowMs: number): Attributes {
  const attributes: Attributes = {}
  if (options.executable && options['no-executable'])
    throw usageError('--executable and --no-executable are opposites: choose one')
  if (options.executable || options['no-executable']) attributes.executable = options.executable
  if (options.mtime !== undefined) attributes.mtimeNs = parseTime(options.mtime, nowMs)
  const properties = { ...parseProperties(options.property), ...removed(options['remove-property']) }
  if (Object.keys(properties).length > 0) attributes.properties = properties
  if (options.conflicts !== undefined) attributes.conflictPolicy = parsePolicy(options.conflicts)
  return attributes
}

/** ISO 8601, in this computer's time zone where it names none; `now`. @returns nanoseconds since 1970, decimal */
export function parseTime(text: string, nowMs: number): string {
  if (text === 'now') return String(BigInt(nowMs) * 1_000_000n)
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text)
  const [, day, time = '00:00', fraction = '', zone = ''] = found ?? []
  const ms =
    day === undefined || !isDay(day) ? NaN : Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${zone}`)
  if (Number.isNaN(ms)) throw usageError(`--mtime needs a time such as 2026-03-04T05:06:07, or now, not “${text}”`)
  return String(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')))
}

/** The 30th of February is no day; the parser takes it for the 2nd of March. */
function isDay(day: string): boolean {
  const ms = Date.parse(day)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
}

function parseProperties(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw usageError(`--property needs a key and a value, such as project=apollo, not “${text}”`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

const removed = (keys: readonly string[]): Record<string, null> => Object.fromEntries(keys.map((key) => [key, null]))

function parsePolicy(text: string): ConflictPolicy | null {
  if (text === 'inherit') return null
  const policy = CONFLICT_POLICIES.find((one) => one === text)
  if (policy !== undefined) return policy
  throw usageError(`--conflicts is ${CONFLICT_POLICIES.join(', ')} or inherit, not “${text}”`)
}
