import { openCredentialFile } from '../../client/node/credential-file.ts'
import { configFolder } from '../../client/node/folders.ts'
import { CLIENT_ID, postForm } from '../auth-requests.ts'
import type { Call } from '../command.ts'
import { chooseServer } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { sayTo } from '../say.ts'
import { profileOf } from '../server-address.ts'
import type { World } from '../world.ts'

/** Forgets the sign-in here first, and whatever happens; then tells the server to end the session. */
export async function logout(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const kept = openCredentialFile(configFolder(world.env, world.platform))
  const server = await chooseServer(call.options, world, kept)
  const profile = profileOf(server)
  const credential = await kept.read(profile)
  await kept.update(profile, async () => null)
  // An API token lives on: other machines may use it. bitvault token revoke ends it.
  const isRevoked = credential?.kind === 'session' && (await revoke(world, server, credential.refreshToken))
  await say.json({ server, wasSignedIn: credential !== null, revoked: isRevoked })
  if (credential === null) await say.done(`You were not signed in to ${server}.`)
  else await say.done(`Signed out of ${server}.`)
  if (credential?.kind === 'session' && !isRevoked)
    await say.note('The server could not be told; the session there ends by itself when it is not used.')
  return EXIT.ok
}

/** RFC 7009. */
const revoke = (world: World, server: string, refreshToken: string): Promise<boolean> =>
  postForm(world, `${server}/v1/auth/revoke`, {
    client_id: CLIENT_ID,
    token: refreshToken,
    token_type_hint: 'refresh_token',
  }).then(
    (response) => response.ok,
    () => false,
  )
