import { createApi } from '../../client/api.ts'
import type { Credential, Session } from '../../client/credentials.ts'
import { openCredentialFile } from '../../client/node/credential-file.ts'
import { configFolder } from '../../client/node/folders.ts'
import { askWho, describeAccount, type Account } from '../ask-who.ts'
import { CLIENT_ID } from '../auth-requests.ts'
import { openBrowser } from '../browser.ts'
import type { Call } from '../command.ts'
import { chooseServer } from '../connection.ts'
import { awaitDeviceLogin, startDeviceLogin } from '../device-login.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { createMachineSession } from '../machine-session.ts'
import { sayTo, type Say } from '../say.ts'
import { profileOf } from '../server-address.ts'
import { escapeForTerminal } from '../text/terminal-text.ts'
import type { World } from '../world.ts'

type LoginOptions = { token: string | undefined; 'token-stdin': boolean; name: string | undefined }

export async function login(call: Call<LoginOptions>, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const kept = openCredentialFile(configFolder(world.env, world.platform))
  const server = await chooseServer(call.options, world, kept)
  const apiToken = await readApiToken(call.options, world)
  const { credential, me } =
    apiToken === null
      ? await loginByDevice(world, say, server, call.options.name ?? world.hostName)
      : await loginByToken(world, server, apiToken)
  const profile = profileOf(server)
  await kept.update(profile, async () => credential)
  await kept.setDefault(profile)
  await say.json({ server, ...me })
  await say.done(`Signed in to ${server} as ${say.name(describeAccount(me))}.`)
  return EXIT.ok
}

const API_TOKEN_MAX_CHARS = 4_096

async function readApiToken(options: LoginOptions, world: World): Promise<string | null> {
  if (options.token !== undefined && options['token-stdin'])
    throw usageError('--token and --token-stdin are two ways for one thing: choose one')
  const token = options['token-stdin'] ? await readFirstLine(world) : options.token
  if (token === undefined) return null
  if (!/^bvt_[\w-]{8,}$/.test(token)) throw usageError('that is not an API token: they begin with bvt_')
  return token
}

async function readFirstLine(world: World): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of world.stdin) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes('\n') || text.length > API_TOKEN_MAX_CHARS) break
  }
  return text.split('\n')[0]?.trim() ?? ''
}

type SignedIn = { credential: Credential; me: Account }

async function loginByToken(world: World, server: string, token: string): Promise<SignedIn> {
  const session = createMachineSession(world, server, token)
  return { credential: { kind: 'token', server, token }, me: await whoIs(world, server, session) }
}

async function loginByDevice(world: World, say: Say, server: string, deviceName: string): Promise<SignedIn> {
  const invitation = await startDeviceLogin(world, server, deviceName)
  const { address, userCode } = invitation
  await say.json({ event: 'invitation', address, userCode, expiresAt: invitation.expiresAt })
  if (!say.isJson) await invite(world, say, address, userCode)
  const tokens = await awaitDeviceLogin(world, server, invitation)
  const credential: Credential = {
    kind: 'session',
    server,
    clientId: CLIENT_ID,
    accessToken: tokens.accessToken,
    accessExpiresAt: world.now() + tokens.expiresInMs,
    refreshToken: tokens.refreshToken ?? '',
  }
  const session = { accessToken: async () => tokens.accessToken, onUnauthorized: async () => {} }
  return { credential, me: await whoIs(world, server, session) }
}

/** Said even with `--quiet`: without it nobody can sign in. */
async function invite(world: World, say: Say, address: string, userCode: string): Promise<void> {
  const code = say.paintNote('bold', escapeForTerminal(userCode))
  await world.stderr.write(`Open this page and enter the code:\n\n  ${escapeForTerminal(address)}\n  ${code}\n\n`)
  const isOpened = !say.isQuiet && (await openBrowser(world, address))
  await say.note(isOpened ? 'A browser was opened. Waiting …' : 'Waiting … (Ctrl-C gives up)')
}

const whoIs = (world: World, server: string, session: Session): Promise<Account> =>
  askWho(
    createApi({
      baseUrl: server,
      ...session,
      fetch: world.fetch,
      clock: world.now,
      random: world.random,
      sleep: world.sleep,
      signal: world.signal,
      tries: 3,
    }),
  )
