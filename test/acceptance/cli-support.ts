import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { MAIN } from '../../cli/main-path.ts'
import { runCli } from '../../cli/run.ts'
import { COMMANDS } from '../../cli/table/commands.ts'
import { testWorld } from '../../cli/test-world.ts'

/** Of all homes together: each of its own would have everything compiled anew. */
export const COMPILED = join(tmpdir(), 'node-compile-cache')

export type CliRun = { exit: number; out: string; err: string }
export type Cli = {
  readonly cwd: string
  (args: readonly string[], options?: { env?: Record<string, string>; input?: string | Uint8Array }): Promise<CliRun>
  /** Starts it and lets the caller end it. */
  start(args: readonly string[], env?: Record<string, string>): { child: ChildProcess; ended: Promise<CliRun> }
  /** The same command in this process, where it is not the process that is tested: half a second less of a processor each time. */
  here(args: readonly string[]): Promise<CliRun>
}

/**
 * The command line as people run it: a process of its own, with a home folder of its own.
 * @param folder of the test's own; `home` and `work` are made in it, commands run in `work`
 */
export async function openCli(folder: string, server: string): Promise<Cli> {
  const cwd = join(folder, 'work')
  await mkdir(cwd, { recursive: true })
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(folder, 'home'),
    XDG_CONFIG_HOME: join(folder, 'home', 'config'),
    XDG_STATE_HOME: join(folder, 'home', 'state'),
    XDG_CACHE_HOME: join(folder, 'home', 'cache'),
    NODE_COMPILE_CACHE: COMPILED,
    BITVAULT_SERVER: server,
    TZ: 'UTC',
  }
  const start: Cli['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...base, ...env }, stdio: 'pipe' })
    return { child, ended: collect(child) }
  }
  const run = (
    args: readonly string[],
    { env, input }: { env?: Record<string, string>; input?: string | Uint8Array } = {},
  ) => {
    const { child, ended } = start(args, env)
    child.stdin?.end(input ?? '')
    return ended
  }
  return Object.assign(run, { cwd, start, here: (args: readonly string[]) => runHere(args, { cwd, env: base }) })
}

async function runHere(args: readonly string[], of: { cwd: string; env: { HOME: string } }): Promise<CliRun> {
  const world = testWorld({
    ...of,
    home: of.env.HOME,
    hostName: hostname(),
    fetch: globalThis.fetch,
    now: () => Date.now(),
    random: (length) => new Uint8Array(randomBytes(length)),
    sleep: (ms, signal) => pause(ms, undefined, signal && { signal }),
  })
  const exit = await runCli(args, COMMANDS, world)
  if (world.launched.length > 0) throw new Error(`what would be started here: ${world.launched.join()}`)
  return { exit, out: world.out(), err: world.err() }
}

async function collect(child: ChildProcess): Promise<CliRun> {
  const chunks = { out: [] as Buffer[], err: [] as Buffer[] }
  child.stdout?.on('data', (bytes: Buffer) => chunks.out.push(bytes))
  child.stderr?.on('data', (bytes: Buffer) => chunks.err.push(bytes))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (signal !== null) throw new Error(`the command line was ended by ${signal}`)
  return { exit: code ?? -1, out: Buffer.concat(chunks.out).toString(), err: Buffer.concat(chunks.err).toString() }
}

/** Waits for a line of the output that matches; throws when the process ends first. */
export async function waitFor(
  child: ChildProcess,
  stream: 'stdout' | 'stderr',
  pattern: RegExp,
): Promise<RegExpExecArray> {
  let text = ''
  return new Promise((resolve, reject) => {
    child.once('close', () => reject(new Error(`it ended without ${pattern}: ${text}`)))
    child[stream]?.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      const found = pattern.exec(text)
      if (found !== null) resolve(found)
    })
  })
}

export const PERSON = {
  organisation: 'Acme',
  name: 'Ada Lovelace',
  email: 'ada@acme.example',
  password: 'correct horse battery staple',
}

/** Makes the first account, as the set-up page does. */
export async function setUp(url: string, token: string): Promise<void> {
  const response = await fetch(`${url}/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...PERSON }),
  })
  if (response.status !== 201) throw new Error(`set-up answered ${response.status}: ${await response.text()}`)
}

/** As much of a browser as our pages need: cookies, and the hidden fields of forms. */
export function openBrowser(url: string) {
  const cookies = new Map<string, string>()
  const request = async (path: string, init: RequestInit = {}): Promise<{ status: number; html: string }> => {
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(init.headers as Record<string, string>), cookie, origin: url }
    const response = await fetch(url + path, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      cookies.set(name, value)
    }
    return { status: response.status, html: await response.text() }
  }
  /** Loads the page and sends its form with these fields. */
  const submit = async (path: string, fields: Record<string, string>) => {
    const { html } = await request(path)
    const token = /name="form_token" value="([^"]+)"/.exec(html)?.[1] ?? ''
    return request(path.split('?')[0] ?? path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ form_token: token, ...fields }).toString(),
    })
  }
  return {
    signIn: () => submit('/login', { email: PERSON.email, password: PERSON.password, next: '/device' }),
    decide: (code: string, decision: 'approve' | 'deny') => submit('/device', { code, decision }),
  }
}

/** Signs the command line in as a person does: the code typed into a browser. */
export const signInByDevice = async (cli: Cli, url: string): Promise<CliRun> => (await approveDevice(cli, url)).ended

/** The code was typed in; `ended`: the command line has noticed, which takes it some seconds. */
export async function approveDevice(cli: Cli, url: string): Promise<{ ended: Promise<CliRun> }> {
  const browser = openBrowser(url)
  await browser.signIn()
  const { child, ended } = cli.start(['login', '--name', 'test laptop'])
  const [, code = ''] = await waitFor(child, 'stderr', /^ {2}([A-Z]{4}-[A-Z]{4})$/m)
  const { status } = await browser.decide(code, 'approve')
  if (status !== 200) throw new Error(`approving answered ${status}`)
  return { ended }
}
