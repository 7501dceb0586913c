import { randomUUID } from 'node:crypto'
import { alternate } from './lib/alternate.ts'
import type { Bench, BenchContext } from './lib/bench.ts'
import { inlineCommit, makeFolder, startBenchStack, untilQuiet, type BenchStack } from './lib/bench-stack.ts'
import { summarise } from './lib/summary.ts'

const CHANGES = 200

/** A folder is moved, deleted and restored as one row and one entry, whatever lies below it. */
export const bench: Bench = {
  name: 'move',
  bar: 0.5,
  about: 'cost of moving one file over that of moving a folder with 1,000,000 nodes below it, through HTTP',
  run,
}

/** Something that is moved: whether its delete says up to where the journal was seen, as that of a folder does. */
type Thing = { id: string; isFolder: boolean }
type Side = { medians: Record<'move' | 'trash' | 'restore', number[]>; thing: Thing }

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  const places = [await makeFolder(bench, 'here'), await makeFolder(bench, 'there')] as const
  const { body } = await bench.owner.call('POST', '/v1/files', inlineCommit(places[0], 'a file'))
  const file = { id: body.files[0].result.node.id, isFolder: false }
  const folder = { id: await makeFolder(bench, 'a large folder'), isFolder: true }
  const below = await fill(context, bench, folder.id, file.id)
  const rounds = { rounds: context.quick ? 2 : 7, warmUps: 1 }
  const [one, many] = [sideOf(file), sideOf(folder)]
  const before = await headOf(bench)
  const moved = await alternate(
    { baseline: () => moves(bench, one, places), ours: () => moves(bench, many, places) },
    rounds,
  )
  await alternate({ baseline: () => deletes(bench, one), ours: () => deletes(bench, many) }, rounds)
  await requireSound(bench, { folder: folder.id, below, before, turns: rounds.rounds + rounds.warmUps })
  return {
    ratio: round(moved.baseline.median / moved.ours.median),
    nodes: below,
    moveMs: round(moved.ours.median),
    moveMaxMs: round(moved.ours.max),
    moveFileMs: round(moved.baseline.median),
    trashMs: figure(many, 'trash'),
    trashFileMs: figure(one, 'trash'),
    restoreMs: figure(many, 'restore'),
    restoreFileMs: figure(one, 'restore'),
  }
}

const round = (value: number): number => Math.round(value * 100) / 100
const sideOf = (thing: Thing): Side => ({ thing, medians: { move: [], trash: [], restore: [] } })
/** The first round is a warm-up. */
const figure = ({ medians }: Side, change: keyof Side['medians']): number =>
  round(summarise(medians[change].slice(1)).median)

/**
 * Folders in folders with files in them, written as copies of one file are: every file has a version, which refers to the contents of that
 * one. @returns how many nodes lie below `top`
 */
async function fill({ note, quick }: BenchContext, { sql }: BenchStack, top: string, file: string): Promise<number> {
  const [outer, inner] = quick ? [10, 100] : [100, 100]
  note(`putting ${(outer * inner * 100).toLocaleString('en')} nodes into a folder`)
  const folder = `tenant_id, gen_random_uuid(), space_id, id, 'folder', 'folder ' || i, 'folder ' || i, 0, 1, null, null, null, null, false`
  const columns = `tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, size, sha256, content_id, codec,
    executable, created_at, changed_at, changed_seq, content_seq, placed_seq`
  const rest = 'created_at, changed_at, changed_seq, content_seq, placed_seq'
  await sql.begin(async (tx) => {
    // Each row is checked by how it is made: a million look-ups of what it refers to would take the most time.
    await tx`set local session_replication_role = replica`
    await tx.unsafe(
      `with outside as (
         insert into nodes (${columns}) select ${folder}, ${rest} from nodes cross join generate_series(1, $3::int) i where id = $1 returning *),
       inside as (
         insert into nodes (${columns}) select ${folder}, ${rest} from outside cross join generate_series(1, $4::int) i returning *)
       insert into nodes (${columns})
       select f.tenant_id, gen_random_uuid(), f.space_id, inside.id, 'file', 'file ' || i, 'file ' || i, 1, 1, f.size, f.sha256, f.content_id, f.codec,
         false, f.created_at, f.changed_at, f.changed_seq, f.content_seq, f.placed_seq
       from inside cross join generate_series(1, 100) i cross join (select * from nodes where id = $2) f`,
      [top, file, outer, inner],
    )
    await tx`insert into versions (tenant_id, node_id, revision, content_ref, executable, created_by, device, created_at, seq, base_revision)
      select n.tenant_id, n.id, 1, v.content_ref, false, v.created_by, v.device, v.created_at, v.seq, 0
      from nodes n cross join (select * from versions where node_id = ${file}) v where n.kind = 'file' and n.id <> ${file}`
  })
  await sql`vacuum analyze nodes, versions`
  await sql`checkpoint`
  return outer + outer * inner + outer * inner * 100
}

/** There and back again. @returns median milliseconds of one move */
async function moves(bench: BenchStack, { thing, medians }: Side, places: readonly [string, string]): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < CHANGES; i++) {
    const body = { mutationId: randomUUID(), parent: places[(i + 1) % 2] }
    times.push(await timed(bench, 'POST', `/v1/nodes/${thing.id}/move`, body))
  }
  await untilQuiet(bench)
  return keep(medians.move, times)
}

/** Into the trash and out again. @returns median milliseconds of both */
async function deletes(bench: BenchStack, { thing, medians }: Side): Promise<number> {
  const [trash, restore]: number[][] = [[], []]
  for (let i = 0; i < CHANGES / 2; i++) {
    const seen = thing.isFolder ? `?seen=${await headOf(bench)}` : ''
    trash!.push(await timed(bench, 'DELETE', `/v1/nodes/${thing.id}${seen}`))
    restore!.push(await timed(bench, 'POST', `/v1/nodes/${thing.id}/restore`, { mutationId: randomUUID() }))
  }
  await untilQuiet(bench)
  return keep(medians.trash, trash!) + keep(medians.restore, restore!)
}

function keep(medians: number[], times: number[]): number {
  const { median } = summarise(times)
  medians.push(median)
  return median
}

async function timed({ owner }: BenchStack, method: string, path: string, body?: unknown): Promise<number> {
  const start = performance.now()
  const answer = await owner.call(method, path, body)
  if (answer.status !== 200 || answer.body.outcome !== 'applied')
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return performance.now() - start
}

async function headOf({ sql, owner }: BenchStack): Promise<number> {
  const [head] = await sql<{ seq: number }[]>`
    select seq::float8 as seq from tenant_head where tenant_id = ${owner.tenantId}`
  return head!.seq
}

type Expected = { folder: string; below: number; before: number; turns: number }

/** Each change was one entry, and everything is still where it was. */
async function requireSound(bench: BenchStack, { folder, below, before, turns }: Expected): Promise<void> {
  const entries = (await headOf(bench)) - before
  if (entries !== turns * CHANGES * 4) throw new Error(`${entries} entries for ${turns * CHANGES * 4} changes`)
  const [row] = await bench.sql<{ count: number }[]>`
    with recursive down as (
      select id, 0 as depth from nodes where id = ${folder}
      union all
      select n.id, depth + 1 from down join nodes n on n.tenant_id = ${bench.owner.tenantId} and n.parent_id = down.id and n.trashed_at is null)
    select count(*)::int as count from down where depth > 0`
  if (row!.count !== below) throw new Error(`${row!.count} nodes are left of ${below}`)
}
