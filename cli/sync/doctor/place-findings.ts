import type { Api } from '../../../client/api.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import { devicesReply } from '../../../protocol/live.ts'
import { formatRemotePath } from '../../remote-path.ts'
import { placeOfLink } from '../linked-path.ts'
import { bad, good, note, type Finding } from './finding.ts'
import { ask } from './server-findings.ts'

/** What the server knows of a link: its folder, the rights, the device. */
export const placeFindings = async (api: Api, link: Link, folder: string): Promise<Finding[]> => [
  await nodeFinding(api, link, folder),
  await accessFinding(api, link),
  await deviceFinding(api, link),
]

async function nodeFinding(api: Api, link: Link, folder: string): Promise<Finding> {
  const found = await ask(() => api.stat(link.node))
  const unlink = `What is here stays. To end the link: bitvault sync unlink ${folder}`
  if (found === null) return bad('place', `${link.place} is gone, or not yours to read any more`, unlink)
  if ('problem' in found && found.code === 'in-trash')
    return bad('place', `${link.place} is in the trash`, restore(link))
  if ('problem' in found) return bad('place', found.problem)
  if (found.value.trashedAt !== null) return bad('place', `${link.place} is in the trash`, restore(link))
  const now = await ask(() => placeOfLink(api, link))
  const place = now !== null && 'value' in now ? formatRemotePath(now.value) : link.place
  return place === link.place
    ? good('place', place)
    : note('place', `${place}; it was ${link.place} when it was linked`)
}

const restore = ({ place }: Link): string => `Bring it back, and the link goes on: bitvault restore ${place}`

async function accessFinding(api: Api, link: Link): Promise<Finding> {
  const found = await ask(() => api.spaces())
  if (found === null || 'problem' in found) return bad('access', found?.problem ?? 'not known')
  const role = found.value.find(({ id }) => id === link.space)?.role
  if (role === undefined) return bad('access', 'you may not read there any more', 'Ask whoever manages the space.')
  return role === 'reader'
    ? note('access', 'you may read, not write: what is changed here stays here')
    : good('access', 'you may read and write')
}

async function deviceFinding(api: Api, link: Link): Promise<Finding> {
  const found = await ask(() =>
    api.transport.call({
      method: 'GET',
      route: '/v1/devices',
      path: '/v1/devices',
      parse: (json) => devicesReply.parse(json),
    }),
  )
  if (found === null || 'problem' in found) return bad('device', found?.problem ?? 'not known')
  const device = found.value.devices.find(({ id }) => id === link.device)
  if (device === undefined)
    return note('device', 'the server does not know this device; it is registered anew when it is worked on')
  const lag = device.lag === null ? '' : device.lag === 0 ? ', behind by nothing' : `, behind by ${device.lag}`
  return good('device', `known as “${device.name}”${lag}`)
}
