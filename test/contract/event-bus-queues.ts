import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Miniflare, NoOpLog, Response } from 'miniflare'
import type { Consume, Delivery } from '../../core/event-bus.ts'
import type { AsyncWorld } from '../support/async-world.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { BusUnderTest } from './event-bus.ts'
import type { Answer } from './event-bus-worker.ts'

const WORKER = fileURLToPath(new URL('event-bus-worker.ts', import.meta.url))
const QUEUE = 'contract-events'
const COMPATIBILITY_DATE = '2026-11-17'
const RUN_LIMIT_MS = 30_000

export type QueuesUnderTest = BusUnderTest & {
  /** Runs the relay once; with a fault point it dies there. */
  relay(failAt?: string): Promise<{ sent: number; nextDueMs: number | null } | { failed: string }>
  send(body: unknown): Promise<void>
}

/** Cloudflare Queues as the local simulator has them, with the product's adapters in a Worker on either side. */
export async function openQueues(world: AsyncWorld): Promise<QueuesUnderTest> {
  let consume: (delivery: Delivery) => Promise<Answer> = async () => ({ do: 'ack' })
  let onSettled = () => {}
  const miniflare = new Miniflare(
    workerOptions(world, await bundle(), async (path, body) => {
      if (path === '/settled') onSettled()
      else return consume(body as Delivery)
      return null
    }),
  )
  await miniflare.ready
  const relay = async (failAt = '') => {
    const answer = await miniflare.dispatchFetch(`http://relay/?now=${world.clock.now}&fail=${failAt}`)
    return (await answer.json()) as Awaited<ReturnType<QueuesUnderTest['relay']>>
  }
  const until = async (isDone: () => boolean) => {
    const done = Promise.withResolvers<void>()
    const limit = setTimeout(() => done.reject(new Error('the queue did not deliver in time')), RUN_LIMIT_MS)
    onSettled = () => {
      if (isDone()) done.resolve()
    }
    await relay()
    await done.promise.finally(() => clearTimeout(limit))
  }
  return {
    relay,
    send: async (body) => void (await (await miniflare.getQueueProducer('EVENT_QUEUE')).send(body)),
    now: () => performance.now(),
    async run(next, isDone) {
      consume = answering(next)
      await until(isDone)
    },
    async runAndDie(next) {
      let isDelivered = false
      consume = async (delivery) => {
        await next(delivery)
        isDelivered = true
        return { do: 'die' }
      }
      await until(() => isDelivered)
    },
    close: () => miniflare.dispose(),
  }
}

const answering =
  (consume: Consume) =>
  (delivery: Delivery): Promise<Answer> =>
    consume(delivery).catch((): Answer => ({ do: 'throw' }))

type Asked = (path: string, body: unknown) => Promise<Answer | null>

function workerOptions(world: AsyncWorld, contents: string, asked: Asked) {
  const limits = { maxBatchSize: 100, maxBatchTimeout: 0.05, maxRetries: 10, retryDelay: 0, maxConcurrency: 1 }
  const text = (value: string) => ({ type: 'json' as const, value })
  return {
    cf: false as const, // else it asks the network for sample request properties
    log: new NoOpLog(),
    logRequests: false,
    handleStructuredLogs: () => undefined,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    workers: [
      {
        config: {
          name: 'contract',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: { mainModule: 'main.js', modules: { 'main.js': { type: 'esm' as const, contents } } },
          triggers: [{ type: 'queue' as const, name: QUEUE, ...limits }],
          env: {
            EVENT_QUEUE: { type: 'queue' as const, name: QUEUE },
            CONSUMER: {
              type: 'fetcher' as const,
              handler: async (request: { url: string; json(): Promise<unknown> }) =>
                Response.json(await asked(new URL(request.url).pathname, await request.json())),
            },
            APP_URL: text(world.appUrl),
            SYSTEM_URL: text(world.systemUrl),
            TENANT_ID: text(world.tenantId),
          },
        },
      },
    ],
  }
}

/** As the product is bundled: the database driver has a build of its own for workerd. */
async function bundle(): Promise<string> {
  const folder = await temporaryFolder()
  const config = join(folder, 'wrangler.json')
  const wrangler = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js')
  try {
    await writeFile(config, JSON.stringify({ name: 'contract', main: WORKER, compatibility_date: COMPATIBILITY_DATE }))
    const env = {
      ...process.env,
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_LOG_PATH: folder,
      XDG_CONFIG_HOME: folder,
      CI: '1',
    }
    const args = [wrangler, 'deploy', '--dry-run', '--config', config, '--outdir', join(folder, 'out')]
    await promisify(execFile)(process.execPath, args, { env })
    return await readFile(join(folder, 'out', 'event-bus-worker.js'), 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
