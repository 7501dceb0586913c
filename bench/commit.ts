import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { alternate } from './lib/alternate.ts'
import type { Bench, BenchContext } from './lib/bench.ts'
import { inlineCommit, makeFolder, startBenchStack, untilQuiet, type BenchStack } from './lib/bench-stack.ts'
import { jsonPost, runLoad, type LoadResult } from './lib/http-load.ts'
import { summarise, type Summary } from './lib/summary.ts'

const CLIENTS = 64
const MILLION = 1_000_000

/** Commits of small files by 64 clients of one tenant, against a transaction each in a plain Node server; then with a million entries. */
export const bench: Bench = {
  name: 'commit',
  bar: 3,
  about:
    'commits/s of one tenant, 64 clients, through HTTP on plain workerd, over a transaction a commit in a Node server',
  run,
}

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  const baseline = await startBaseline(context, bench)
  const requests = context.quick ? 1_500 : 6_000
  const ours = await loader(bench, new URL(bench.stack.url), requests)
  const theirs = await loader(bench, baseline, Math.round(requests / 3))
  const results = { baseline: [] as LoadResult[], ours: [] as LoadResult[] }
  const side = (name: 'baseline' | 'ours', load: () => Promise<LoadResult>) => async () => {
    // The baseline appends without the object: its next batch finds another head, and starts from what Postgres says.
    const result = await load()
    if (result.failures > 0) throw new Error(`${name}: ${result.failures} commits failed`)
    results[name].push(result)
    await untilQuiet(bench)
    context.note(`${name}: ${Math.round(result.perSecond)} commits/s, p99 ${result.p99Ms.toFixed(1)} ms`)
    return result.perSecond
  }
  const rounds = { rounds: context.quick ? 2 : 5, warmUps: 1 }
  const compared = await alternate({ baseline: side('baseline', theirs), ours: side('ours', ours) }, rounds)
  await requireGapFree(bench)
  const small = await rounded(bench, ours, context)
  const entries = await growJournal(context, bench, context.quick ? 50_000 : MILLION)
  await ours()
  const large = await rounded(bench, ours, context)
  await requireGapFree(bench)
  return {
    ratio: round(compared.ours.median / compared.baseline.median),
    commitsPerSecond: Math.round(compared.ours.median),
    commitsPerSecondMin: Math.round(compared.ours.min),
    commitsPerSecondMax: Math.round(compared.ours.max),
    baselinePerSecond: Math.round(compared.baseline.median),
    p50Ms: round(median(results.ours, 'p50Ms')),
    p99Ms: round(median(results.ours, 'p99Ms')),
    baselineP99Ms: round(median(results.baseline, 'p99Ms')),
    journalEntries: entries,
    perSecondThere: Math.round(large.median),
    flatness: round(large.median / small.median),
  }
}

const round = (value: number): number => Math.round(value * 100) / 100
const median = (results: LoadResult[], figure: 'p50Ms' | 'p99Ms'): number =>
  summarise(results.map((result) => result[figure])).median

async function rounded(bench: BenchStack, load: () => Promise<LoadResult>, context: BenchContext): Promise<Summary> {
  const rates: number[] = []
  for (let i = 0; i < (context.quick ? 1 : 3); i++) {
    rates.push((await load()).perSecond)
    await untilQuiet(bench)
  }
  return summarise(rates)
}

/** Requests are made before the clock starts; each round writes into a folder of its own. */
async function loader(bench: BenchStack, url: URL, requests: number): Promise<() => Promise<LoadResult>> {
  let round = 0
  return async () => {
    const parent = await makeFolder(bench, `${url.port} ${round++} ${Date.now()}`)
    const head = { authorization: `Bearer ${bench.owner.token}` }
    const prepared = Array.from({ length: requests }, (_, i) =>
      jsonPost('/v1/files', url.host, inlineCommit(parent, `file ${i}.txt`), head),
    )
    return runLoad({
      host: url.hostname,
      port: Number(url.port),
      clients: CLIENTS,
      requests,
      request: (i) => prepared[i]!,
    })
  }
}

async function startBaseline(context: BenchContext, { stack, owner, sessionId }: BenchStack): Promise<URL> {
  const server = fileURLToPath(new URL('baseline/commit-server.ts', import.meta.url))
  const child = spawn(process.execPath, [server, stack.appUrl, owner.tenantId, sessionId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.afterwards(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return new URL(`http://127.0.0.1:${Number(String(line).trim())}`)
}

/** Adds entries (with their nodes and answers) until the journal has `target`; it stays gap-free. @returns how many it has */
async function growJournal(context: BenchContext, { sql, owner }: BenchStack, target: number): Promise<number> {
  const [head] = await sql<
    { seq: number }[]
  >`select seq::float8 as seq from tenant_head where tenant_id = ${owner.tenantId}`
  const missing = target - head!.seq
  context.note(`growing the journal from ${head!.seq} to ${target} entries`)
  await sql.begin(async (tx) => {
    await tx`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, size, executable, created_at, changed_at, changed_seq)
      select ${owner.tenantId}, gen_random_uuid(), ${owner.home.id}, ${owner.home.rootId}, 'folder', 'grown ' || i, 'grown ' || i, 0, 1, null, false, now(), now(), ${head!.seq}::bigint + i
      from generate_series(1, ${missing}::bigint) i`
    await tx`insert into journal (tenant_id, seq, kind, node_id, space_id, mutation_id, user_id, session_id, at, node)
      select tenant_id, changed_seq, 'created', id, space_id, gen_random_uuid(), ${owner.userId}, gen_random_uuid(), now(), jsonb_build_object('id', id, 'name', name, 'kind', kind)
      from nodes where tenant_id = ${owner.tenantId} and changed_seq > ${head!.seq}`
    await tx`insert into mutations (tenant_id, id, fingerprint, seq, outcome, at)
      select tenant_id, mutation_id, repeat('0', 64), seq, 'applied', at from journal where tenant_id = ${owner.tenantId} and seq > ${head!.seq}`
    await tx`update tenant_head set seq = ${target} where tenant_id = ${owner.tenantId}`
    await tx`update usage set through_seq = ${target} where tenant_id = ${owner.tenantId}`
  })
  await sql`vacuum analyze`
  await sql`checkpoint`
  return target
}

async function requireGapFree({ sql, owner }: BenchStack): Promise<void> {
  const [row] = await sql<{ head: number; entries: number; first: number; last: number }[]>`
    select (select seq from tenant_head where tenant_id = ${owner.tenantId})::float8 as head, count(*)::float8 as entries, min(seq)::float8 as first, max(seq)::float8 as last
    from journal where tenant_id = ${owner.tenantId}`
  const { head, entries, first, last } = row!
  if (first !== 1 || last !== head || entries !== head) throw new Error(`the journal has gaps: ${JSON.stringify(row)}`)
}
