import { alternate } from './lib/alternate.ts'
import type { Bench, BenchContext } from './lib/bench.ts'
import { makeFolder, startBenchStack, type BenchStack } from './lib/bench-stack.ts'
import { summarise } from './lib/summary.ts'

const PAGE = 200
const REQUESTS = 200

/** Keyset pages: the last page of a million children costs what the first one costs. */
export const bench: Bench = {
  name: 'list',
  bar: 0.67,
  about: 'cost of the first over the last page of 200 of a folder with 1,000,000 children, through HTTP',
  run,
}

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  const children = context.quick ? 100_000 : 1_000_000
  const folder = await makeFolder(bench, 'a large folder')
  context.note(`making ${children} children`)
  await makeChildren(bench, folder, children)
  const first = `/v1/folders/${folder}/children?limit=${PAGE}`
  const last = `${first}&after=${name(children - PAGE)}`
  const rounds = { rounds: context.quick ? 3 : 7, warmUps: 1 }
  const compared = await alternate({ baseline: side(bench, last, PAGE), ours: side(bench, first, PAGE) }, rounds)
  return {
    ratio: Math.round((compared.ours.median / compared.baseline.median) * 100) / 100,
    children,
    firstPageMs: Math.round(compared.ours.median * 100) / 100,
    lastPageMs: Math.round(compared.baseline.median * 100) / 100,
    lastPageMaxMs: Math.round(compared.baseline.max * 100) / 100,
  }
}

const name = (i: number): string => `child ${String(i).padStart(7, '0')}`

async function makeChildren({ sql, owner }: BenchStack, folder: string, count: number): Promise<void> {
  await sql`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, size, executable, created_at, changed_at, changed_seq)
    select ${owner.tenantId}, gen_random_uuid(), ${owner.home.id}, ${folder}, 'folder', n, n, 0, 1, null, false, now(), now(), 0
    from (select 'child ' || lpad(i::text, 7, '0') as n from generate_series(1, ${count}::int) i order by random()) names`
  await sql`vacuum analyze nodes`
}

/** Median milliseconds of one page. */
function side({ owner }: BenchStack, path: string, expected: number) {
  return async () => {
    const times: number[] = []
    for (let i = 0; i < REQUESTS; i++) {
      const start = performance.now()
      const { status, body } = await owner.call('GET', path)
      times.push(performance.now() - start)
      if (status !== 200 || body.children.length !== expected)
        throw new Error(`a page of ${body.children?.length} children, status ${status}`)
    }
    return summarise(times).median
  }
}
