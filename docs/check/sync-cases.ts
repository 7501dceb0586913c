import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SCENARIOS } from '../../test/sim/scenarios.ts'
import { ALSO, CASE_GROUPS, ELSEWHERE } from './sync-case-list.ts'

/** `MV-14b` is one more scenario of `MV-14`. */
const caseOf = (scenario: string): string => scenario.slice(0, 5)

const CASES: readonly string[] = CASE_GROUPS.flatMap(({ prefix, numbers }) => numbers.map((at) => idOf(prefix, at)))

function idOf(prefix: string, number: number): string {
  return `${prefix}-${String(number).padStart(2, '0')}`
}

/** The tables of docs/spec/sync-cases.md. */
export function syncCaseTables(): string {
  return CASE_GROUPS.map(({ prefix, title, numbers }) => {
    const rows = numbers.flatMap((number) => rowsOf(idOf(prefix, number)))
    return [`### ${title}`, '', '| | what comes of it | held by |', '|---|---|---|', ...rows].join('\n')
  }).join('\n\n')
}

function rowsOf(id: string): string[] {
  const played = SCENARIOS.filter((scenario) => caseOf(scenario.id) === id)
  const also = (ALSO[id] ?? []).map((path) => `, \`${path}\``).join('')
  const simulated = played.map(({ id: scenario, title }, at) =>
    row(scenario, title, `simulation${at === 0 ? also : ''}`),
  )
  const elsewhere = ELSEWHERE[id]
  if (!elsewhere) return simulated
  const { what } = elsewhere
  const held =
    'tests' in elsewhere ? elsewhere.tests.map((path) => `\`${path}\``).join(', ') : `later: ${elsewhere.later}`
  return [...simulated, row(id, what, held)]
}

const row = (id: string, what: string, held: string): string => `| ${id} | ${what.replaceAll('|', '\\|')} | ${held} |`

/** Cases that nothing holds, scenarios of no case, tests that do not name the case that they are said to hold. */
export async function syncCaseFaults(root: string): Promise<string[]> {
  const faults = caseFaults(SCENARIOS.map(({ id }) => id))
  return [...faults, ...(await unnamed(root))].map((fault) => `docs/spec/sync-cases.md: ${fault}`)
}

/** @param ids of scenarios */
export function caseFaults(ids: readonly string[]): string[] {
  const [played, cases] = [new Set(ids.map(caseOf)), new Set(CASES)]
  const named = [...played, ...Object.keys(ELSEWHERE), ...Object.keys(ALSO)]
  return [
    ...CASES.filter((id) => !played.has(id) && !(id in ELSEWHERE)).map((id) => `${id}: nothing holds it`),
    ...CASES.filter((id) => played.has(id) && id in ELSEWHERE).map((id) => `${id}: it has a scenario by now`),
    ...named.filter((id) => !cases.has(id)).map((id) => `${id}: there is no such case`),
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id}: two scenarios have this id`),
  ]
}

async function unnamed(root: string): Promise<string[]> {
  const elsewhere = Object.entries(ELSEWHERE).flatMap(([id, held]) =>
    'tests' in held ? [[id, held.tests] as const] : [],
  )
  const said = [...elsewhere, ...Object.entries(ALSO)].flatMap(([id, paths]) => paths.map((path) => ({ id, path })))
  const found = await Promise.all(
    said.map(async ({ id, path }) => {
      const text = await readFile(join(root, path), 'utf8').catch(() => '')
      return text.includes(id) ? null : `${id}: ${path} does not name it`
    }),
  )
  return found.filter((fault) => fault !== null)
}
