import { parseArgs } from 'node:util'
import { runSeed, type RunResult } from './run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    bugs: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
})

await runSeeds(Number(values.first), Number(values.seeds))

async function runSeeds(first: number, count: number): Promise<void> {
  const begun = performance.now()
  const failures: RunResult[] = []
  let events = 0
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed(seed, { keepsTrace: values.trace })
    events += result.events
    if (!result.violation) continue
    failures.push(result)
    report(result)
    if (!values['keep-going']) break
  }
  const seconds = (performance.now() - begun) / 1_000
  console.log(`${count} seeds, ${events} events, ${failures.length} failures, ${seconds.toFixed(1)} s`)
  process.exitCode = failures.length > 0 ? 1 : 0
}

function report({ seed, violation, lines, traceHash }: RunResult): void {
  console.log(`seed ${seed}: ${violation!.rule}: ${violation!.detail} (trace ${traceHash})`)
  if (values.trace) for (const line of lines) console.log(`  ${line}`)
}
