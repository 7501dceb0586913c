import { HELP, type StartRequest, readStartRequest } from './arguments.ts'
import { explainFailure } from './failure.ts'
import { readyScreen } from './screen.ts'
import type { Stack } from './stack.ts'
import { PROJECT_DIR } from './worker-config.ts'
import { type LogLine, isAtLeast } from './worker-log.ts'

/** `npm start`: runs the product until it is told to stop. Exit code 0 after a stop, 1 when it could not start. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SETUP_QUESTION_MS = 5000

async function run(request: StartRequest): Promise<void> {
  const startedAt = performance.now()
  const stopRequest = listenForStop()
  const { startStack } = await import('./stack.ts')
  const stack = await startStack({
    dir: request.dir,
    port: request.port,
    publicUrl: request.publicUrl,
    ...(request.databaseUrl === undefined
      ? {}
      : { postgres: { ownerUrl: request.databaseUrl, database: 'existing' as const } }),
    s3: request.s3,
    otlpEndpoint: request.otlpEndpoint,
    configPath: request.configPath,
    env: request.passedOn,
    log: (line) => console.log(`  ${line}`),
    onWorkerLog: (line) => showWorkerLine(line, request.debug),
    signal: stopRequest.signal,
  })
  const setupToken = (await isSetupOpen(stack)) ? stack.setupToken : null
  console.log(readyScreen({ request, setupToken, startedInMs: performance.now() - startedAt }))
  await stopRequest.made
  await stack.stop()
  console.log('  Stopped.')
}

/** npm sends the signal on although the terminal has sent it already, and people press twice: all but the first count for nothing. */
function listenForStop(): { made: Promise<void>; signal: AbortSignal } {
  const controller = new AbortController()
  const made = new Promise<void>((resolve) => {
    for (const name of STOP_SIGNALS) {
      process.on(name, () => {
        if (controller.signal.aborted) return
        console.log('\n  Stopping …')
        controller.abort()
        resolve()
      })
    }
  })
  return { made, signal: controller.signal }
}

function showWorkerLine({ level, text }: LogLine, debug: boolean): void {
  if (debug || isAtLeast(level, 'warn')) console.error(`  [${level}] ${text}`)
}

async function isSetupOpen({ url }: Stack): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/setup`, { signal: AbortSignal.timeout(SETUP_QUESTION_MS) })
    const body = (await answer.json()) as { open?: unknown }
    return answer.ok && body.open === true
  } catch {
    return false
  }
}

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  try {
    const request = readStartRequest(argv, process.env, PROJECT_DIR)
    if (request.help) return console.log(HELP)
    await run(request)
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return console.log('  Stopped.')
    const failure = explainFailure(error)
    console.error(`\n  ${failure.message}\n  ${failure.advice}\n`)
    if (argv.includes('--debug')) console.error(error)
    process.exitCode = 1
  } finally {
    // Everything is stopped by now; a forgotten timer must not keep the terminal waiting.
    process.exit()
  }
}

await main()
