import { parseArgs } from 'node:util'
import { BUGS, findBug, SEEDS_MAX } from './bugs.ts'
import { playScenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import type { World } from './world.ts'
import { printFound } from './found.ts'
import { shrink } from './shrink.ts'
import { runSeed, type RunResult } from './run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    bugs: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    scenarios: { type: 'string' },
    bug: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
  },
})

if (values.bugs) await runBugs(Number(values.first))
else if (values.scenarios !== undefined) await runScenarios(values.scenarios)
else await runSeeds(Number(values.first), Number(values.seeds))

async function runBugs(first: number): Promise<void> {
  for (const bug of BUGS) {
    if (values.bug !== undefined && !bug.name.includes(values.bug)) continue
    const row = await findBug(bug, { first, seedsMax: values.seeds === '100' ? SEEDS_MAX : Number(values.seeds) })
    const found = row.seed === null ? 'NOT FOUND' : `${row.rule} by seed ${row.seed}`
    if (values.json) console.log(JSON.stringify(row))
    else console.log(`${bug.name.padEnd(40)} ${found.padEnd(24)} ${row.detail.slice(0, 80)}`)
    if (row.seed === null) process.exitCode = 1
  }
}

/** @param wanted an id or its beginning, or `all` */
async function runScenarios(wanted: string): Promise<void> {
  let count = 0
  for (const scenario of SCENARIOS) {
    if (wanted !== 'all' && !scenario.id.startsWith(wanted)) continue
    count++
    let world: World | null = null
    try {
      await playScenario(scenario, { keepsTrace: values.trace, isLong: values.long, onWorld: (made) => (world = made) })
    } catch (error) {
      console.log(`${scenario.id}: ${scenario.title}: ${(error as Error).message}`)
      process.exitCode = 1
    }
    if (values.trace) for (const line of (world as World | null)?.trace.lines ?? []) console.log(`  ${line}`)
  }
  console.log(`${count} scenarios`)
}

async function runSeeds(first: number, count: number): Promise<void> {
  const begun = performance.now()
  const failures: RunResult[] = []
  let events = 0
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed(seed, { keepsTrace: values.trace })
    events += result.events
    if (!result.violation) continue
    failures.push(result)
    report(values.shrink ? await shrink(result, { keepsTrace: values.trace }) : result)
    if (!values['keep-going']) break
  }
  const rules = new Map<string, number[]>()
  for (const { seed, violation } of failures) rules.set(violation!.rule, [...(rules.get(violation!.rule) ?? []), seed])
  for (const [rule, seeds] of rules) console.log(`${rule}: ${seeds.length} (${seeds.slice(0, 20).join(' ')})`)
  const seconds = (performance.now() - begun) / 1_000
  console.log(`${count} seeds, ${events} events, ${failures.length} failures, ${seconds.toFixed(1)} s`)
  process.exitCode = failures.length > 0 ? 1 : 0
}

function report({ seed, violation, lines, traceHash, script }: RunResult): void {
  const detail = values.trace ? violation!.detail : violation!.detail.split('\n').slice(0, 2).join(' ')
  console.log(`seed ${seed}: ${violation!.rule}: ${detail} (trace ${traceHash})`)
  if (values.trace) for (const line of lines) console.log(`  ${line}`)
  if (values.shrink) console.log(printFound(script, violation!.rule))
}
