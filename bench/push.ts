import { createHash, randomUUID } from 'node:crypto'
import { alternate } from './lib/alternate.ts'
import type { Bench, BenchContext } from './lib/bench.ts'
import { makeFolder, startBenchStack, untilQuiet, type BenchStack } from './lib/bench-stack.ts'
import { jsonPost, runLoad, type LoadResult } from './lib/http-load.ts'
import { summarise } from './lib/summary.ts'

const CLIENTS = 8
const PUSH = 200

/** Changes that a device has collected: many in one request, or a request for each. */
export const bench: Bench = {
  name: 'push',
  bar: 5,
  about: `mutations/s of pushes of ${PUSH}, ${CLIENTS} clients, over those of a request each, through HTTP on plain workerd`,
  run,
}

/** A request of its own, and the entry of a push that says the same. */
type Change = { path: string; body: object; entry: object }

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  const count = CLIENTS * PUSH * (context.quick ? 1 : 3)
  const results = { baseline: [] as LoadResult[], ours: [] as LoadResult[] }
  const side =
    (name: 'baseline' | 'ours', requestsOf: (changes: Change[]) => [path: string, body: object][]) => async () => {
      const parent = await makeFolder(bench, `${name} ${randomUUID()}`)
      const result = await load(bench, requestsOf(changesIn(parent, count)))
      await untilQuiet(bench)
      await requireAll(bench, parent, count)
      results[name].push(result)
      const perSecond = count / result.seconds
      context.note(`${name}: ${Math.round(perSecond)} mutations/s, p99 of a request ${result.p99Ms.toFixed(1)} ms`)
      return perSecond
    }
  const singles = side('baseline', (changes) => changes.map(({ path, body }) => [path, body]))
  const pushes = side('ours', (changes) => inPushes(changes).map((mutations) => ['/v1/sync/push', { mutations }]))
  const rounds = { rounds: context.quick ? 2 : 7, warmUps: 1 }
  const { ours, baseline } = await alternate({ baseline: singles, ours: pushes }, rounds)
  return {
    ratio: round(ours.median / baseline.median),
    mutationsPerSecond: Math.round(ours.median),
    mutationsPerSecondMin: Math.round(ours.min),
    mutationsPerSecondMax: Math.round(ours.max),
    baselinePerSecond: Math.round(baseline.median),
    pushMs: medianRequestMs(results.ours),
    baselineMs: medianRequestMs(results.baseline),
  }
}

const round = (value: number): number => Math.round(value * 100) / 100
const medianRequestMs = (results: LoadResult[]): number =>
  round(summarise(results.slice(1).map((result) => result.p50Ms)).median)

/** One folder to nine small files. */
const changesIn = (parent: string, count: number): Change[] =>
  Array.from({ length: count }, (_, i) => (i % 10 === 0 ? folderIn(parent, i) : fileIn(parent, i)))

function folderIn(parent: string, i: number): Change {
  const id = randomUUID()
  const said = { parent, name: `folder ${i}` }
  return { path: '/v1/folders', body: { mutationId: id, ...said }, entry: { id, kind: 'create-folder', ...said } }
}

function fileIn(parent: string, i: number): Change {
  const id = randomUUID()
  const bytes = Buffer.from(`the content of file ${i}, some two hundred bytes of it: ${'lorem ipsum '.repeat(12)}`)
  const said = {
    target: { parent, name: `file ${i}.txt` },
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    content: { inline: bytes.toString('base64') },
  }
  return { path: '/v1/files', body: { mutationId: id, ...said }, entry: { id, kind: 'write', ...said } }
}

const inPushes = (changes: Change[]): object[][] =>
  Array.from({ length: changes.length / PUSH }, (_, i) =>
    changes.slice(i * PUSH, (i + 1) * PUSH).map(({ entry }) => entry),
  )

/** Requests are made before the clock starts. */
async function load({ stack, owner }: BenchStack, requests: [path: string, body: object][]): Promise<LoadResult> {
  const url = new URL(stack.url)
  const head = { authorization: `Bearer ${owner.token}` }
  const prepared = requests.map(([path, body]) => jsonPost(path, url.host, JSON.stringify(body), head))
  return runLoad({
    host: url.hostname,
    port: Number(url.port),
    clients: CLIENTS,
    requests: prepared.length,
    request: (i) => prepared[i]!,
  })
}

async function requireAll({ sql, owner }: BenchStack, parent: string, count: number): Promise<void> {
  const [row] = await sql<{ made: number }[]>`
    select count(*)::int as made from nodes where tenant_id = ${owner.tenantId} and parent_id = ${parent}`
  if (row!.made !== count) throw new Error(`${row!.made} of ${count} were made`)
}
