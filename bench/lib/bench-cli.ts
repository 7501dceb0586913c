import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCli, type Cli } from '../../test/acceptance/cli-support.ts'
import type { BenchStack } from './bench-stack.ts'

/** The command line, signed in by an API token, as a process of its own for each command. @throws when a command fails */
export async function signedInCli({ stack, owner }: BenchStack): Promise<(args: readonly string[]) => Promise<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'bitvault-bench-cli-'))
  const cli: Cli = await openCli(folder, stack.url)
  const { body } = await owner.call('POST', '/v1/tokens', { name: 'benchmark' })
  return async (args) => {
    const { exit, out, err } = await cli(args, { env: { BITVAULT_TOKEN: body.token } })
    if (exit !== 0) throw new Error(`bitvault ${args[0]} ended with ${exit}: ${err || out}`)
    return out
  }
}
