import { parseArgs } from 'node:util'
import { BUGS, findBug, SEEDS_MAX, type BugRow } from './bugs.ts'
import { Coverage, EVERYTHING } from './coverage.ts'
import { printFound } from './found.ts'
import { runSeed, type RunResult } from './run-seed.ts'
import { playScenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { shrink } from './shrink.ts'
import type { World } from './world.ts'

const USAGE = `npm run sim -- …
  --seeds N [--first S]   that many worlds, each from its seed; ends at the first in which a rule is broken
    --keep-going            and on to the last
    --trace                 with what happened in it
    --shrink                and then the least of it that still breaks the rule, as a file for test/sim/found
  --scenarios ID|all      the cases of SYNC-CASES whose id begins like this; --long: each device that may die does so in every way
  --coverage              what all scenarios and that many seeds have tried, and what they never did
  --bugs [--bug NAME]     plants known mistakes, one after the other, and looks for the first seed that finds each
  --json                  a line for each result, for machines
`

const values = readOptions()
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string' },
        first: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        bugs: { type: 'boolean', default: false },
        bug: { type: 'string' },
        coverage: { type: 'boolean', default: false },
        trace: { type: 'boolean', default: false },
        'keep-going': { type: 'boolean', default: false },
        scenarios: { type: 'string' },
        shrink: { type: 'boolean', default: false },
        long: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exit(2)
  }
}

const first = countIn('first', values.first)
const seeds = values.seeds === undefined ? null : countIn('seeds', values.seeds)

if (values.bugs || values.bug !== undefined) await runBugs(seeds ?? SEEDS_MAX)
else if (values.coverage) await runCoverage(seeds ?? 1_000)
else if (values.scenarios !== undefined) await runScenarios(values.scenarios)
else await runSeeds(seeds ?? 100)

function countIn(option: string, text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  console.error(`--${option} takes a whole number above 0, not ${text}`)
  process.exit(2)
}

/** For a person, or for a machine. */
function say(row: object, text: string): void {
  console.log(values.json ? JSON.stringify(row) : text)
}

async function runBugs(seedsMax: number): Promise<void> {
  for (const bug of BUGS) {
    if (values.bug !== undefined && !bug.name.includes(values.bug)) continue
    const row = await findBug(bug, { first, seedsMax })
    say(row, lineOf(row))
    if (row.seed === null) process.exitCode = 1
  }
}

function lineOf({ bug, seed, rule, detail }: BugRow): string {
  const found = seed === null ? 'NOT FOUND' : `${rule} by seed ${seed}`
  return `${bug.padEnd(40)} ${found.padEnd(24)} ${detail.split('\n')[0]!.slice(0, 80)}`
}

/** @param wanted an id or its beginning, or `all` */
async function runScenarios(wanted: string, onMarks: (marks: Iterable<string>) => void = () => {}): Promise<void> {
  let count = 0
  for (const scenario of SCENARIOS) {
    if (wanted !== 'all' && !scenario.id.startsWith(wanted)) continue
    count++
    const worlds: World[] = []
    try {
      await playScenario(scenario, {
        keepsTrace: values.trace,
        isLong: values.long,
        onWorld: (made) => void worlds.push(made),
      })
    } catch (error) {
      const { message } = error as Error
      say({ scenario: scenario.id, error: message }, `${scenario.id}: ${scenario.title}: ${message}`)
      process.exitCode = 1
    }
    if (values.trace) for (const line of worlds[0]?.trace.lines ?? []) console.log(`  ${line}`)
    onMarks(new Set(worlds.flatMap(({ marks }) => [...marks])))
  }
  say({ scenarios: count }, `${count} scenarios`)
}

async function runCoverage(count: number): Promise<void> {
  const coverage = new Coverage()
  await runScenarios('all', (marks) => coverage.add(marks))
  await runSeeds(count, ({ marks }) => coverage.add(marks))
  for (const mark of EVERYTHING) {
    const runs = coverage.countOf(mark)
    say({ mark, runs }, `${runs === 0 ? 'never'.padStart(7) : String(runs).padStart(7)}  ${mark}`)
  }
  const missing = coverage.missing(EVERYTHING)
  say({ marks: EVERYTHING.length, missing }, `${EVERYTHING.length} marks, ${missing.length} never`)
  if (missing.length > 0) process.exitCode = 1
}

async function runSeeds(count: number, onResult: (result: RunResult) => void = () => {}): Promise<void> {
  const begun = performance.now()
  const failures: RunResult[] = []
  let events = 0
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed(seed, { keepsTrace: values.trace })
    events += result.events
    onResult(result)
    if (!result.violation) continue
    failures.push(result)
    report(values.shrink ? await shrink(result, { keepsTrace: values.trace }) : result)
    if (!values['keep-going']) break
  }
  const rules = new Map<string, number[]>()
  for (const { seed, violation } of failures) rules.set(violation!.rule, [...(rules.get(violation!.rule) ?? []), seed])
  if (!values.json)
    for (const [rule, broken] of rules) console.log(`${rule}: ${broken.length} (${broken.slice(0, 20).join(' ')})`)
  const seconds = Number(((performance.now() - begun) / 1_000).toFixed(1))
  const sum = { first, seeds: count, events, failures: failures.length, seconds }
  say(sum, `${count} seeds, ${events} events, ${failures.length} failures, ${seconds} s`)
  if (failures.length > 0) process.exitCode = 1
}

function report({ seed, violation, lines, traceHash, script }: RunResult): void {
  const { rule, detail } = violation!
  const told = values.trace ? detail : detail.split('\n').slice(0, 2).join(' ')
  say({ seed, rule, detail, traceHash }, `seed ${seed}: ${rule}: ${told} (trace ${traceHash})`)
  if (values.trace) for (const line of lines) console.log(`  ${line}`)
  if (values.shrink) console.log(printFound(script, rule))
}
