import { isUuid } from '../../core/ids.ts'
import type { ListedObject, ObjectStore } from '../../core/object-store.ts'
import type { Db, Tx } from '../connect.ts'
import { FIRST_IDS, type Finding } from './audit-finding.ts'

/**
 * The bucket against the chunk rows: two streams in the order of their keys, merged.
 *
 *     rows     k1  k2      k4      a cursor over one snapshot, opened first: what it names was there before the listing
 *     listing  k1      k3  k4      pages of 1,000
 *                  │   └─ no row names it: an orphan, if its upload is long over
 *                  └─ no object: a dangling reference
 *
 * Meanwhile the service goes on, so each suspect is looked up again, on another connection, before it counts.
 */
export type BucketOptions = { db: Db; store: ObjectStore; overdueMs: number }
export type BucketComparison = {
  objects: number
  namedObjects: number
  findings: { 'orphan-objects': Finding; 'dangling-references': Finding }
}

/** What the chunk rows say about one object. */
type NamedObject = {
  key: string
  /** Some row may still be served. */
  isServed: boolean
  /** Where its last chunk ends. */
  endBytes: number
  /** Its size, where the object is one chunk and so named by that chunk's hash; else `null`. */
  exactBytes: number | null
}

const PREFIX = 't/'
const PAGE = 1_000
/** Suspects that are looked up in the bucket again; beyond that something is so wrong that the count may be rough. */
const CONFIRM_MAX = 1_000

const NAMED_OBJECTS = `
select object_key as key, bool_or(state <> 'deleting') as "isServed", max(byte_offset + byte_length)::float8 as "endBytes",
  (max(byte_length) filter (where byte_offset = 0 and object_key like '%/' || sha256))::float8 as "exactBytes"
from chunks group by object_key order by object_key collate "C"`

export const compareBucket = (options: BucketOptions): Promise<BucketComparison> =>
  options.db.begin(async (tx) => {
    const suspects = new Suspects(options)
    const counts = { objects: 0, namedObjects: 0 }
    for await (const pair of merge(namedObjects(tx), listing(options.store))) {
      if (pair.object) counts.objects += 1
      if (pair.named) counts.namedObjects += 1
      if (!pair.named) await suspects.addUnnamed(pair.object.key)
      else if (pair.named.isServed && !fits(pair.named, pair.object)) await suspects.addUnheld(pair.named)
    }
    return { ...counts, findings: await suspects.judge() }
  }) as Promise<BucketComparison>

async function* namedObjects(tx: Tx): AsyncGenerator<NamedObject> {
  for await (const rows of tx.unsafe<NamedObject[]>(NAMED_OBJECTS).cursor(PAGE)) yield* rows
}

async function* listing(store: ObjectStore): AsyncGenerator<ListedObject> {
  for (let after: string | undefined; ;) {
    const page = await store.list(PREFIX, after)
    yield* page.objects
    if (page.next === null) return
    after = page.next
  }
}

type Pair = { named: NamedObject; object: ListedObject | null } | { named: null; object: ListedObject }

/** Keys are ASCII, so that the order of strings is the order of bytes, which both sides have. */
async function* merge(rows: AsyncGenerator<NamedObject>, objects: AsyncGenerator<ListedObject>): AsyncGenerator<Pair> {
  let row = await rows.next()
  let object = await objects.next()
  while (!row.done || !object.done) {
    if (row.done || (!object.done && object.value.key < row.value.key)) {
      yield { named: null, object: object.value as ListedObject }
      object = await objects.next()
    } else if (object.done || row.value.key < object.value.key) {
      yield { named: row.value, object: null }
      row = await rows.next()
    } else {
      yield { named: row.value, object: object.value }
      row = await rows.next()
      object = await objects.next()
    }
  }
}

const fits = ({ endBytes, exactBytes }: NamedObject, object: ListedObject | null): boolean =>
  object !== null && object.sizeBytes >= endBytes && (exactBytes === null || object.sizeBytes === exactBytes)

/** Things that did not match, looked at again page by page. */
class Suspects {
  readonly #options: BucketOptions
  readonly #orphans: Finding = { count: 0, first: [] }
  readonly #dangling: Finding = { count: 0, first: [] }
  #unnamed: string[] = []
  #unheld: NamedObject[] = []
  #lookups = 0

  constructor(options: BucketOptions) {
    this.#options = options
  }

  async addUnnamed(key: string): Promise<void> {
    if (this.#unnamed.push(key) >= PAGE) await this.#judgeUnnamed()
  }

  async addUnheld(named: NamedObject): Promise<void> {
    if (this.#unheld.push(named) >= PAGE) await this.#judgeUnheld()
  }

  async judge(): Promise<BucketComparison['findings']> {
    await this.#judgeUnnamed()
    await this.#judgeUnheld()
    return { 'orphan-objects': this.#orphans, 'dangling-references': this.#dangling }
  }

  async #judgeUnnamed(): Promise<void> {
    const { db, overdueMs } = this.#options
    const keys = this.#unnamed
    this.#unnamed = []
    for (const key of await overdueKeys(db, keys, overdueMs)) {
      if (await this.#find(key, () => true)) note(this.#orphans, key)
    }
  }

  async #judgeUnheld(): Promise<void> {
    const named = this.#unheld
    this.#unheld = []
    const served = await servedKeys(this.#options.db, named)
    for (const object of named) {
      if (!served.has(object.key)) continue
      if (!(await this.#find(object.key, (found) => fits(object, found)))) note(this.#dangling, object.key)
    }
  }

  /** Whether the bucket has the object, now. Past the limit of look-ups: what the first look said, the suspicion. */
  async #find(key: string, test: (found: ListedObject | null) => boolean): Promise<boolean> {
    this.#lookups += 1
    if (this.#lookups > CONFIRM_MAX) return test(null)
    const page = await this.#options.store.list(key)
    const found = page.objects.find((object) => object.key === key) ?? null
    return found !== null && test(found)
  }
}

function note(finding: Finding, id: string): void {
  finding.count += 1
  if (finding.first.length < FIRST_IDS) finding.first.push(id)
}

/** Of these keys, those that no row names now and whose upload is long over or unknown. */
async function overdueKeys(db: Db, keys: readonly string[], overdueMs: number): Promise<string[]> {
  const parsed = keys.map((key) => ({ key, ...uploadOf(key) }))
  const rows = await db<{ key: string }[]>`
    select r.key from jsonb_to_recordset(${JSON.stringify(parsed)}::text::jsonb) as r(key text, tenant uuid, upload uuid)
    where not exists (select 1 from chunks c where c.tenant_id = r.tenant and c.object_key = r.key)
      and not exists (select 1 from uploads u where u.tenant_id = r.tenant and u.id = r.upload
        and u.expires_at >= to_timestamp(${overdueMs}::float8 / 1000))`
  return rows.map(({ key }) => key)
}

async function servedKeys(db: Db, named: readonly NamedObject[]): Promise<Set<string>> {
  const keys = JSON.stringify(named.map(({ key }) => ({ key, ...uploadOf(key) })))
  const rows = await db<{ key: string }[]>`
    select distinct r.key from jsonb_to_recordset(${keys}::text::jsonb) as r(key text, tenant uuid)
    join chunks c on c.tenant_id = r.tenant and c.object_key = r.key and c.state <> 'deleting'`
  return new Set(rows.map(({ key }) => key))
}

/** `t/<tenant>/u/<upload>/…`; a key of another shape is of no upload. */
function uploadOf(key: string): { tenant: string | null; upload: string | null } {
  const [, tenant = '', , upload = ''] = key.split('/')
  return { tenant: isUuid(tenant) ? tenant : null, upload: isUuid(upload) ? upload : null }
}
