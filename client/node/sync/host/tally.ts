import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { makePrivateFolder, replacePrivateFile } from '../../private-file.ts'
import { dirname } from 'node:path'

const count = z.int().min(0).catch(0)
const moment = z.number().nullable().catch(null)

const tallySchema = z.object({
  /** Steps that the guard did not let through, since the folder was linked (I1). */
  refusals: count,
  /** The process or the machine was ended without warning. */
  uncleanStops: count,
  lastUncleanStopAt: moment,
  /** The last one of them was counted, and is not mended yet: everything has to be looked at once. */
  isMending: z.boolean().catch(false),
  /** When both sides were last found to be one. */
  lastUpToDateAt: moment,
  /** When something was last sent, fetched, moved or removed. */
  lastChangeAt: moment,
  /** What the person may do on the server, as it was last told. */
  canWrite: z.boolean().catch(true),
  items: count,
  blocked: count,
})

export type TallyFacts = z.infer<typeof tallySchema>

const NONE: TallyFacts = tallySchema.parse({})

/** What is known of a link without its database: it outlives the process, and a lost one does no harm. */
export class Tally {
  readonly #path: string
  #facts: TallyFacts
  #writing: Promise<void> | null = null
  #isStale = false

  constructor(path: string) {
    this.#path = path
    this.#facts = readTally(path) ?? NONE
  }

  get facts(): Readonly<TallyFacts> {
    return this.#facts
  }

  note(facts: Partial<TallyFacts>): void {
    this.#facts = { ...this.#facts, ...facts }
    this.#isStale = true
  }

  /** What was noted is on the disk. One writes at a time; a failure is none of the caller's business. */
  async save(): Promise<void> {
    while (this.#writing) await this.#writing
    if (!this.#isStale) return
    this.#isStale = false
    this.#writing = this.#write().finally(() => (this.#writing = null))
    await this.#writing
  }

  async #write(): Promise<void> {
    try {
      await makePrivateFolder(dirname(this.#path))
      await replacePrivateFile(this.#path, `${JSON.stringify(this.#facts)}\n`)
    } catch {
      this.#isStale = true
    }
  }
}

/** `null`: there is none, or none that can be read. */
export function readTally(path: string): TallyFacts | null {
  try {
    return tallySchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}
