import type { Api } from '../../client/api.ts'
import { devicesReply, type DeviceWire } from '../../protocol/live.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import type { Say } from '../say.ts'
import { headedTable } from '../text/headed.ts'
import { formatAgo } from '../text/quantity.ts'
import { wrapText } from '../text/wrap.ts'
import type { World } from '../world.ts'

export const devices = (call: Call, world: World): Promise<ExitCode> =>
  withConnection('devices', call, world, async ({ api }, say) => {
    const all = await listDevices(api)
    await say.json({ devices: all })
    await say.lines(
      headedTable(
        world,
        say,
        COLUMNS,
        all.map((device) => rowOf(device, say, world.now())),
      ),
    )
    for (const device of all)
      if (device.lastError !== null) await say.lines(errorLines(device.name, device.lastError, say, world))
    if (all.length === 0) await say.done('No device synchronises.')
    return EXIT.ok
  })

const COLUMNS = [
  ['name', 'left'],
  ['platform', 'left'],
  ['seen', 'left'],
  ['behind by', 'left'],
  ['id', 'left'],
] as const

function rowOf(device: DeviceWire, say: Say, nowMs: number): string[] {
  const { name, platform, lastSeenAt, lag, lastError, live, current, id } = device
  const shown = `${say.name(name)}${current ? ' (this one)' : ''}`
  return [
    lastError === null ? shown : say.paint('red', shown),
    platform,
    live ? say.paint('green', 'live') : formatAgo(lastSeenAt, nowMs),
    lag === null ? '–' : lag === 0 ? 'nothing' : lag.toLocaleString('en-US'),
    id,
  ]
}

const errorLines = (name: string, error: string, say: Say, world: World): string[] =>
  wrapText(`${say.name(name)}: ${say.name(error)}`, world.stdout.isTerminal ? world.stdout.columns : Infinity).map(
    (line) => say.paint('red', line),
  )

export const devicesRevoke = (call: Call, world: World): Promise<ExitCode> =>
  withConnection('devices-revoke', call, world, async ({ api }, say) => {
    const { id, name } = await findDevice(api, call.args[0] ?? '')
    await api.transport.call({
      method: 'DELETE',
      route: '/v1/devices/{id}',
      path: `/v1/devices/${id}`,
      parse: () => undefined,
    })
    await say.json({ id, name, revoked: true })
    await say.done(`Revoked ${say.name(name)}: it is signed out.`)
    return EXIT.ok
  })

/** By id, or by a name that only one has. */
async function findDevice(api: Api, named: string): Promise<DeviceWire> {
  const found = (await listDevices(api)).filter(({ id, name }) => id === named || name === named)
  if (found.length > 1) throw usageError(`${found.length} devices are called “${named}”: name one by its id`)
  if (found[0] !== undefined) return found[0]
  throw new CliError({
    code: 'not-found',
    exit: EXIT.notFound,
    message: `there is no device “${named}”`,
    next: 'Look with: bitvault devices',
  })
}

const listDevices = (api: Api): Promise<DeviceWire[]> =>
  api.transport.call({
    method: 'GET',
    route: '/v1/devices',
    path: '/v1/devices',
    parse: (json) => devicesReply.parse(json).devices,
  })
