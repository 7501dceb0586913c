import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import postgres, { type Sql } from 'postgres'
import type { Stack } from '../../embedded/stack.ts'
import { S3_PATH } from '../../embedded/local-r2.ts'
import { seededDice } from '../faults/dice.ts'
import { signIn, type Account } from '../support/account.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { approveDevice, openCli, PERSON, setUp, type CliRun } from './cli-support.ts'
import { CutProxy } from './cut-proxy.ts'
import { Computer } from './sync-cli-support.ts'
import { SyncLedger, type Hash, type Tree } from './sync-ledger.ts'
import { SyncPerson } from './sync-people.ts'
import { emptyTrashAside, readVersions, serverTree, versionsHeld } from './sync-server-view.ts'
import { Side } from './sync-side.ts'

/** The long forms: `npm run test:long`. */
export const IS_LONG = process.env['BITVAULT_TEST_LONG'] === '1'
/** What the dice of people, lines and moments begin with. It repeats a run that failed, as far as the machine lets it. */
export const SEED = Number(process.env['BITVAULT_TEST_SEED'] ?? 1)
/** Until both are at rest; and of a whole test. */
const REST_MS = IS_LONG ? 900_000 : 150_000
export const LIMIT_MS = 2 * REST_MS
/** Where there are very many files. */
export const LARGE_REST_MS = IS_LONG ? 3 * 3_600_000 : REST_MS
/** So many versions are read again by the oracle. */
const READ_MAX = IS_LONG ? 10_000 : 1_000
/** Half of what a token lives. */
const TOKEN_MS = 300_000
/** Between two things that one person does. */
const PACE_MS = 30

export type TortureOptions = { postgres?: null }

/** The real server, and who looks at it from outside of every device. */
export class Torture {
  readonly stack: Stack
  #owner: Account
  #signedInMs = performance.now()
  readonly sql: Sql
  /** Between every device and the bucket. */
  readonly bucketLine: CutProxy
  readonly #seats: Seat[]
  #rounds = 0

  static async open(options: TortureOptions = {}): Promise<Torture> {
    const bucketLine = await CutProxy.open(seededDice(SEED + 7))
    const stack = await testStack({ ...options, env: { S3_PUBLIC_ENDPOINT: bucketLine.url + S3_PATH } })
    bucketLine.leadTo(stack.s3.endpoint)
    await setUp(stack.url, stack.setupToken)
    const owner = await signInOracle(stack)
    const seats: (Seat & { ended: Promise<CliRun> })[] = []
    for (const name of PEOPLE) seats.push(await takeSeat(stack, name, seats.length))
    for (const { ended } of seats) expect(await ended).toMatchObject({ exit: 0 })
    return new Torture(stack, { bucketLine, owner, seats })
  }

  private constructor(
    stack: Stack,
    { bucketLine, owner, seats }: { bucketLine: CutProxy; owner: Account; seats: Seat[] },
  ) {
    this.stack = stack
    this.#owner = owner
    this.sql = postgres(stack.ownerUrl, { max: 1, onnotice: () => {} })
    this.bucketLine = bucketLine
    this.#seats = seats
  }

  /** Signed in; long tests outlive a token. */
  async owner(): Promise<Account> {
    if (performance.now() - this.#signedInMs > TOKEN_MS) {
      this.#owner = await signInOracle(this.stack)
      this.#signedInMs = performance.now()
    }
    return this.#owner
  }

  get computers(): Computer[] {
    return this.#seats.map(({ computer }) => computer)
  }

  /** Two folders and a place of their own: both are linked and at rest. */
  async round(options: RoundOptions = {}): Promise<Round> {
    const round = new Round(this, options.place ?? `home/place ${++this.#rounds}`)
    await Promise.all(
      this.#seats.map((seat, i) => round.join(seat, { ...options, i, folder: `folder ${this.#rounds}` })),
    )
    return round
  }

  async end(): Promise<void> {
    await this.sql.end()
    await Promise.all(this.#seats.map(({ computer }) => computer.end()))
    await this.stack.stop()
    for (const line of [this.bucketLine, ...this.#seats.map((seat) => seat.line)]) await line.close()
    for (const { computer } of this.#seats) await rm(computer.at('..'), { recursive: true, force: true })
  }
}

export type RoundOptions = {
  /** `space/folder`; by default one that nobody else has. */
  place?: string
  /** Where the folders are, in place of a temporary folder; for a name. */
  folderOf?: (name: string) => string | undefined
  /** Where the people work, when it is another path to the same folder. */
  worksIn?: (name: string) => string | undefined
  largestBytes?: number
  keepsOpen?: boolean
}

/** One test: two people at two computers, and what they did. */
export class Round {
  readonly ledger = new SyncLedger()
  readonly sides: Side[] = []
  readonly place: string
  readonly dice = seededDice(SEED)
  readonly #torture: Torture

  constructor(torture: Torture, place: string) {
    this.#torture = torture
    this.place = place
  }

  get a(): Side {
    return this.sides[0]!
  }

  get b(): Side {
    return this.sides[1]!
  }

  async join(seat: Seat, { folderOf, worksIn, i, folder: name, ...more }: Joining): Promise<void> {
    const folder = folderOf?.(seat.name) ?? seat.computer.at(name)
    await mkdir(folder, { recursive: true })
    const dice = seededDice(SEED * 31 + i)
    const of = { name: seat.name, root: worksIn?.(seat.name) ?? folder, ledger: this.ledger, dice, tag: this.place }
    const side = new Side({ ...seat, folder, person: new SyncPerson({ ...more, ...of }) })
    this.sides[i] = side
    await side.link(this.place)
  }

  /** Both people do so many things each, one after the other in turn, as quickly as they can. */
  act(times: number): void {
    for (let i = 0; i < times; i++) for (const { person } of this.sides) person.act()
  }

  /** Both people go on, at the pace of people who hurry, until `work` has ended. @param work `acts`: resolves when so many more things were done */
  async whileTheyAct<T>(work: (acts: (times: number) => Promise<void>) => Promise<T>): Promise<T> {
    const waiting: { left: number; resolve: () => void }[] = []
    const ending = new AbortController()
    const acts = (times: number): Promise<void> => new Promise((resolve) => waiting.push({ left: times, resolve }))
    const acting = (async () => {
      while (!ending.signal.aborted) {
        this.act(1)
        for (const one of waiting) if (--one.left <= 0) one.resolve()
        await pause(PACE_MS)
      }
    })()
    try {
      return await Promise.race([work(acts), acting.then(() => Promise.reject(new Error('people stopped')))])
    } finally {
      ending.abort()
      await acting
    }
  }

  /** What the server holds now is never to be lost. */
  async note(): Promise<void> {
    this.ledger.acknowledged((await versionsHeld(this.#torture.sql)).map(({ sha256 }) => sha256))
  }

  /** Until both say that all is up to date, and have the same as the server; then nothing may be missing. */
  async rest({ isLarge = false } = {}): Promise<void> {
    await Promise.all(this.sides.map((side) => side.syncNow()))
    const message = `both come to rest (BITVAULT_TEST_SEED=${SEED})`
    await expect
      .poll(() => this.#unrest(), { timeout: isLarge ? LARGE_REST_MS : REST_MS, interval: 100, message })
      .toEqual([])
    await this.note()
    expect(await this.complaints(), `BITVAULT_TEST_SEED=${SEED}`).toEqual([])
  }

  async #unrest(): Promise<string[]> {
    const said = await Promise.all(this.sides.map(async (side) => `${side.name} says ${await side.says()}`))
    const busy = said.filter((text) => !text.endsWith(' up-to-date'))
    if (busy.length > 0) return busy
    const trees = await this.#trees()
    return this.ledger.differences(trees)
  }

  async #trees(): Promise<Record<string, Tree>> {
    const trees: Record<string, Tree> = { server: await serverTree(await this.#torture.owner(), this.place) }
    for (const side of this.sides) trees[side.name] = await side.tree()
    return trees
  }

  /** What the oracle has to say, as everything is now. */
  async complaints(): Promise<string[]> {
    const { sql } = this.#torture
    const owner = await this.#torture.owner()
    await emptyTrashAside(owner, this.place.split('/')[0]!)
    const versions = await versionsHeld(sql)
    // Each is read, while they are not too many: then some of them, by the dice, and the others are believed.
    const share = READ_MAX / versions.length
    const [read, believed] = partition(versions, () => this.dice() < share)
    const held = await readVersions(owner, read)
    for (const { sha256 } of believed) held.add(sha256)
    const aside: Hash[] = (await Promise.all(this.sides.map((side) => side.aside()))).flat()
    return this.ledger.complaints({ trees: await this.#trees(), held, aside: new Set(aside) })
  }

  async end(): Promise<void> {
    this.#torture.bucketLine.mend()
    await Promise.all(this.sides.map((side) => side.end()))
  }
}

function partition<T>(all: readonly T[], isOfFirst: (one: T) => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []]
  for (const one of all) parts[isOfFirst(one) ? 0 : 1].push(one)
  return parts
}

const signInOracle = ({ url }: Stack): Promise<Account> => signIn(url, PERSON.email, PERSON.password, 'the oracle')

const PEOPLE = ['anna', 'bert']
/** A computer where somebody has signed in, on a line of its own. */
type Seat = { name: string; computer: Computer; line: CutProxy }
type Joining = RoundOptions & { i: number; folder: string }

/** `ended`: the computer is signed in. */
async function takeSeat(stack: Stack, name: string, i: number): Promise<Seat & { ended: Promise<CliRun> }> {
  const line = await CutProxy.open(seededDice(SEED + i + 1))
  line.leadTo(stack.url)
  const cli = await openCli(await temporaryFolder(), line.url)
  const { ended } = await approveDevice(cli, stack.url)
  return { name, computer: new Computer(cli, stack), line, ended }
}
