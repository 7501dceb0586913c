/** What a benchmark may use of the harness. */
export type BenchContext = {
  /** A shorter run for trying things out; its figures are not for publication. */
  quick: boolean
  /** A line about what is going on, for the person who waits. */
  note(line: string): void
  /** A table for a person; nothing of it goes into `--json`. */
  table(rows: Row[]): void
  /**
   * A new empty folder. All of them are removed after the run, not earlier: deleting many files slows the file
   * system down for minutes, and would be measured as something else.
   */
  freshFolder(): Promise<string>
  /** Kept from run to run: downloads. */
  cacheFolder: string
  /** Runs after the benchmark, last one first, whatever happened: stop servers here. */
  afterwards(cleanUp: () => Promise<void> | void): void
}

export type Row = Record<string, string | number>

/** A bigger ratio is better. */
export type BenchResult = { ratio: number } & Row

/** Each bench/<name>.ts exports one as `bench`. */
export type Bench = {
  /** That of its file. */
  name: string
  /** The ratio that we promise. */
  bar: number
  /** One sentence: what is compared with what. */
  about: string
  run(context: BenchContext): Promise<BenchResult>
}
