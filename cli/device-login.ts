import { ConnectionError } from '../client/connection-error.ts'
import { errorOfReply } from '../client/problem-reply.ts'
import { askForTokens, CLIENT_ID, notUnderstood, postForm, readJson, type Tokens } from './auth-requests.ts'
import { EXIT } from './exit-codes.ts'
import { CliError } from './failure.ts'
import { GRANT_DEVICE_CODE } from '../protocol/identity.ts'
import type { World } from './world.ts'

/** What a person needs to sign a device in, in a browser on any device (RFC 8628, section 3.2). */
export type DeviceInvitation = {
  deviceCode: string
  userCode: string
  address: string
  expiresAt: number
  intervalMs: number
}

/** @param deviceName shown to the person who is asked to approve */
export async function startDeviceLogin(world: World, server: string, deviceName: string): Promise<DeviceInvitation> {
  const askedAt = world.now()
  const response = await postForm(world, `${server}/v1/auth/device`, {
    client_id: CLIENT_ID,
    device_name: deviceName.trim().slice(0, 100) || 'a computer',
  })
  if (!response.ok) throw await errorOfReply(response)
  const reply = ((await readJson(response)) ?? {}) as Record<string, unknown>
  const { device_code, user_code, verification_uri, expires_in, interval } = reply
  if (typeof device_code !== 'string' || typeof user_code !== 'string' || typeof verification_uri !== 'string')
    throw notUnderstood()
  // What the server names is shown and opened: only an address of the web.
  if (!/^https?:\/\//.test(verification_uri)) throw notUnderstood()
  return {
    deviceCode: device_code,
    userCode: user_code,
    address: verification_uri,
    expiresAt: askedAt + (typeof expires_in === 'number' ? expires_in : 600) * 1000,
    intervalMs: Math.max(1, typeof interval === 'number' ? interval : 5) * 1000,
  }
}

/** RFC 8628, section 3.5. */
const SLOW_DOWN_MS = 5_000

/** Asks until the person has decided. Throws `CliError` when it was refused or the code is past its time; rejects with the signal. */
export async function awaitDeviceLogin(world: World, server: string, invitation: DeviceInvitation): Promise<Tokens> {
  let { intervalMs } = invitation
  while (world.now() < invitation.expiresAt) {
    await world.sleep(intervalMs, world.signal)
    const fields = { grant_type: GRANT_DEVICE_CODE, device_code: invitation.deviceCode }
    const answer = await askForTokens(world, server, fields).catch((error: unknown) => {
      world.signal.throwIfAborted()
      if (!mayPass(error)) throw error
      return { is: 'refused' as const, error: 'slow_down' }
    })
    if (answer.is === 'tokens') return answer.tokens
    if (answer.error === 'slow_down') intervalMs += SLOW_DOWN_MS
    else if (answer.error === 'access_denied') throw refused('access-denied', 'The sign-in was refused in the browser')
    else if (answer.error !== 'authorization_pending') break
  }
  throw refused('code-expired', 'The code was not entered in time')
}

/** RFC 8628, section 3.5: a connection that timed out is tried again, more slowly. */
const mayPass = (error: unknown): boolean => error instanceof ConnectionError

const refused = (code: string, message: string): CliError =>
  new CliError({ code, exit: EXIT.notSignedIn, message, next: 'Begin again with: bitvault login' })
