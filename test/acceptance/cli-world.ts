import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createMachineSession } from '../../cli/machine-session.ts'
import { testWorld } from '../../cli/test-world.ts'
import type { Api } from '../../client/api.ts'
import type { Stack } from '../../embedded/stack.ts'
import { clientOf } from '../support/signed-in.ts'
import { testStack } from '../support/stack.ts'
import { untilSeen, writeTeamSpace } from '../support/team-space.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openCli, setUp, signInByDevice } from './cli-support.ts'

/** A stack of its own with a command line that is signed in, and another device of the same person. */
export type CliWorld = Awaited<ReturnType<typeof openCliWorld>>

export async function openCliWorld() {
  const stack = await testStack()
  await setUp(stack.url, stack.setupToken)
  const cli = await openCli(await temporaryFolder(), stack.url)
  expect(await signInByDevice(cli, stack.url)).toMatchObject({ exit: 0 })
  const token = (await cli(['token', 'create', 'phone', '-q'])).out.trim()
  const phone = phoneOf(stack, token)
  const work = (...parts: string[]) => join(cli.cwd, ...parts)
  // What commands do, and not what their processes do: that is told by cli.test.ts.
  const ok = async (...args: string[]): Promise<string> => {
    const run = await cli.here(args)
    expect(run, `bitvault ${args.join(' ')}`).toMatchObject({ exit: 0 })
    return run.out
  }
  return {
    stack,
    cli,
    phone,
    work,
    ok,
    statOf: async (path: string) => jsonLines(await ok('stat', '--json', path))[0] ?? {},
    /** A file with this text, whatever was there. */
    async put(path: string, text: string): Promise<void> {
      await writeFile(work('text'), text)
      await ok('put', '-q', 'text', path)
    },
  }
}

function phoneOf(stack: Stack, token: string): Api {
  const world = testWorld({ fetch, now: () => Date.now() })
  const { accessToken } = createMachineSession(world, stack.url, token)
  return clientOf({ url: stack.url, accessToken: '' }, { accessToken })
}

/** As a program sees it, and as a person does: one sentence, the code, never a stack. */
export async function expectRefused(
  { cli }: Pick<CliWorld, 'cli'>,
  args: readonly string[],
  { exit, code }: { exit: number; code: string },
): Promise<void> {
  const run = await cli.here([...args, '--json'])
  const { error } = JSON.parse(run.err) as { error: Record<string, unknown> }
  expect({ exit: run.exit, out: run.out, code: error['code'] }).toEqual({ exit, out: '', code })
  const said = await cli.here(args)
  expect(said.err).toMatch(new RegExp(`^bitvault: [^\\n]+ \\[${code}\\]\\n`))
  expect(said.err).not.toMatch(/\n\s+at /)
}

export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** Another device writes, having seen `base`. @returns the outcome */
export async function writeFrom(
  api: Api,
  path: string,
  { text, base }: { text: string; base: number },
): Promise<string> {
  const { node } = await api.resolve(path)
  const bytes = Buffer.from(text)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const content = { inline: bytes.toString('base64') }
  const { files } = await api.initUpload({
    files: [{ target: { node: node?.id ?? '' }, base, size: bytes.length, sha256, content }],
  })
  const [only] = files
  return only?.state === 'done' ? only.result.outcome : 'pending'
}

/** A team space that the person of this world manages. */
export async function makeTeamSpace({ stack, phone, ok }: CliWorld, name: string): Promise<void> {
  const { tenantId, userId } = await phone.whoami()
  const { id } = await writeTeamSpace(stack, { tenantId, userIds: [userId], name })
  // What a session may read is remembered for each by itself.
  await untilSeen(id, () => phone.spaces())
  await untilSeen(id, async () => jsonLines(await ok('spaces', '--json'))[0]?.spaces as { id: string }[])
}
