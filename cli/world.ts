/** Everything outside that a command may touch, as arguments, so that a test can stand in for each. */
export type World = {
  env: Record<string, string | undefined>
  /** The folder that relative local paths start from. */
  cwd: string
  platform: NodeJS.Platform
  /** What this device is called when nobody says otherwise. */
  hostName: string
  stdin: AsyncIterable<Uint8Array>
  stdout: Output
  stderr: Output
  fetch: typeof fetch
  /** Unix milliseconds. */
  now: () => number
  random: (length: number) => Uint8Array
  /** Rejects when `signal` aborts. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Aborts at Ctrl-C, SIGTERM, or when nobody reads the output any more. */
  signal: AbortSignal
  /**
   * Starts a program and forgets it; `false` when it cannot be started.
   * @param log a file for what it says; it then stands in no folder, so that none is held by it
   */
  launch: (program: string, args: string[], log?: string) => Promise<boolean>
  /** Runs a program to its end, and shows nothing of it. @returns its exit code; `null`: it cannot be started */
  run: (program: string, args: string[]) => Promise<number | null>
  /** The home folder of the person. */
  home: string
}

export type Output = {
  readonly isTerminal: boolean
  readonly columns: number
  readonly rows: number
  /** Resolves when the reader can take more. */
  write(chunk: string | Uint8Array): Promise<void>
}
