import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { createApi, type Api } from '../../client/api.ts'
import { GRANT_API_TOKEN, tokenReply } from '../../protocol/identity.ts'
import type { BenchContext } from './bench.ts'
import { startBenchStack, untilQuiet } from './bench-stack.ts'

/** A fresh product and its first account, for benchmarks that go through the client. */
export type BenchServer = {
  url: string
  api: Api
  /** For `BITVAULT_TOKEN` of a command-line process. */
  apiToken: string
  /** Before a measurement: nothing of the one before is left to do, in the consumers or on the way to the disk. */
  settle(): Promise<void>
}

/** Stopped after the benchmark. */
export async function startBenchServer(context: BenchContext): Promise<BenchServer> {
  const bench = await startBenchStack(context)
  const { url } = bench.stack
  const made = await bench.owner.call('POST', '/v1/tokens', { name: 'benchmark' })
  const apiToken: string = made.body.token
  const api = createApi({
    baseUrl: url,
    accessToken: exchange(url, apiToken),
    fetch,
    clock: Date.now,
    random: (length) => randomBytes(length),
  })
  const settle = async () => {
    await untilQuiet(bench)
    await promisify(execFile)('sync')
  }
  return { url, api, apiToken, settle }
}

/** Access tokens for an API token, each used for half of its life. */
function exchange(url: string, apiToken: string): () => Promise<string> {
  let current = { token: '', goodUntil: 0 }
  return async () => {
    if (Date.now() < current.goodUntil) return current.token
    const response = await fetch(`${url}/v1/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: GRANT_API_TOKEN, api_token: apiToken }),
    })
    const { access_token: token, expires_in: seconds } = tokenReply.parse(await response.json())
    current = { token, goodUntil: Date.now() + seconds * 500 }
    return token
  }
}
