import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Bench } from './lib/bench.ts'
import { createContext } from './lib/context.ts'
import { formatTable } from './lib/table.ts'

/** `npm run bench -- <name> [--json] [--quick]`, `npm run bench -- --list`. */
const USAGE = `npm run bench -- <name> [--json] [--quick]
  --list   the benchmarks and the ratio that each must reach
  --json   the last line is {"name", "ratio", "bar", …}; a bigger ratio is better
  --quick  a shorter run, to try something out`

const NOT_BENCHES = /^run\.ts$|\.test\.ts$/

async function findNames(): Promise<string[]> {
  const files = await readdir(new URL('.', import.meta.url), { withFileTypes: true })
  const sources = files.filter((file) => file.isFile() && file.name.endsWith('.ts') && !NOT_BENCHES.test(file.name))
  return sources.map((file) => file.name.slice(0, -'.ts'.length)).toSorted()
}

async function load(name: string): Promise<Bench> {
  const module = (await import(new URL(`${name}.ts`, import.meta.url).href)) as { bench: Bench }
  return module.bench
}

async function list(names: string[]): Promise<string> {
  const benches = await Promise.all(names.map(load))
  return formatTable(benches.map(({ name, bar, about }) => ({ name, bar, about })))
}

async function runBench(name: string, options: { quick: boolean; json: boolean }): Promise<void> {
  const bench = await load(name)
  // With --json the words go to stderr, so that stdout is the figures alone.
  const print = (line: string) => void (options.json ? console.error(line) : console.log(line))
  const { context, cleanUp } = await createContext({ quick: options.quick, print })
  process.once('SIGINT', () => void cleanUp().finally(() => process.exit(130)))
  print(`${bench.name}: ${bench.about}`)
  try {
    const { ratio, ...figures } = await bench.run(context)
    print(formatTable([{ ratio, bar: bench.bar, verdict: ratio >= bench.bar ? 'reached' : 'below the bar' }]))
    print(formatTable(Object.entries(figures).map(([figure, value]) => ({ figure, value }))))
    if (options.json) console.log(JSON.stringify({ name: bench.name, ratio, bar: bench.bar, ...figures }))
  } finally {
    await cleanUp()
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { list: { type: 'boolean' }, json: { type: 'boolean' }, quick: { type: 'boolean' } },
  })
  const names = await findNames()
  const [name] = positionals
  if (values.list) {
    console.log(await list(names))
    return 0
  }
  if (name === undefined || !names.includes(name)) {
    console.error(name === undefined ? USAGE : `There is no benchmark "${name}".`)
    console.error(`Benchmarks: ${names.join(', ')}`)
    return 1
  }
  await runBench(name, { quick: values.quick ?? false, json: values.json ?? false })
  return 0
}

process.exitCode = await main()
