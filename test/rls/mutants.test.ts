import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CATALOGUE, catalogueFaults } from './catalogue.ts'
import {
  type Mutant,
  OTHER_BREAKS,
  POLICY_BREAKS,
  SEEN_BREAKS,
  SEEN_TABLE_BREAKS,
  TABLE_BREAKS,
  UNSEEN_POLICY_BREAKS,
  breakPolicies,
  policiesOf,
} from './mutants.ts'
import { TABLES } from './rows.ts'
import { matrixFaults, withChangedRules } from './run-matrix.ts'
import { type Scratch, inRollback, scratchDatabase, withSql } from './scratch.ts'

/** The suites themselves are tested: each wall is taken away in turn, and one of them must say so. */
let scratch: Scratch
let policies: Awaited<ReturnType<typeof policiesOf>>
beforeAll(async () => {
  scratch = await scratchDatabase()
  policies = await withSql(scratch.adminUrl, (sql) => inRollback(sql, policiesOf))
})
afterAll(() => scratch?.drop())

const everyTable = Object.keys(TABLES)

/**
 * By the matrix: all at once, because the cells of a table know nothing of another table's policies, and each must be seen
 * on its own table. Taking them one by one finds the same, for a connection each.
 * @returns those that it did not see
 */
async function survivors(mutants: readonly Mutant[]): Promise<string[]> {
  expect(mutants).not.toEqual([])
  const named = mutants.flatMap(({ table }) => (table === null ? [] : [table]))
  const faults = await withChangedRules(
    scratch,
    (tx) => tx.unsafe(mutants.map(({ change }) => change).join(';')),
    (desks) => matrixFaults(desks, named.length === 0 ? everyTable : [...new Set(named)]),
  )
  return mutants
    .filter(({ rule, table }) => !faults.some((fault) => fault.rule === rule && (table ?? fault.table) === fault.table))
    .map(({ rule, name }) => `${rule} ${name}`)
}

/** By one rule of the catalogue. @returns those that it did not see */
async function catalogueSurvivors(mutants: readonly Mutant[]): Promise<string[]> {
  expect(mutants).not.toEqual([])
  return withSql(scratch.adminUrl, async (sql) => {
    const unseen: string[] = []
    for (const { name, rule, change } of mutants) {
      const faults = await inRollback(sql, async (tx) => {
        await tx.unsafe(change)
        return catalogueFaults(tx, rule)
      })
      if (faults.length === 0) unseen.push(`${rule} ${name}`)
    }
    return unseen
  })
}

test('RS-20: with nothing broken both suites are content', async () => {
  const faults = await withChangedRules(
    scratch,
    async () => {},
    (desks) => matrixFaults(desks, everyTable),
  )
  expect(faults).toEqual([])
  expect(await withSql(scratch.adminUrl, (sql) => catalogueFaults(sql))).toEqual([])
})

describe('RS-20: the matrix sees each policy (T8)', () => {
  test('dropped in turn', async () => {
    const dropped = POLICY_BREAKS.find(({ how }) => how === 'dropped')!
    for (const mutant of breakPolicies(policies, dropped)) expect(await survivors([mutant])).toEqual([])
  })

  test.each(POLICY_BREAKS)('$how', async (how) => {
    expect(await survivors(breakPolicies(policies, how))).toEqual([])
  })
})

describe('RS-20: the catalogue sees each policy that is written otherwise', () => {
  test.each(UNSEEN_POLICY_BREAKS)('$how', async (how) => {
    expect(await catalogueSurvivors(breakPolicies(policies, how))).toEqual([])
  })
})

describe('RS-20: every table', () => {
  test.each(TABLE_BREAKS)('%s: %s', async (rule, how, change) => {
    const mutants = everyTable.map((table) => ({ name: table, table, rule, change: change(table) }))
    expect(await catalogueSurvivors(mutants)).toEqual([])
    const seenAs = SEEN_TABLE_BREAKS[how]
    if (seenAs) expect(await survivors(mutants.map((mutant) => ({ ...mutant, rule: seenAs })))).toEqual([])
  })
})

describe('RS-20: every other way round', () => {
  test.each(OTHER_BREAKS)('%s: %s', async (rule, change) => {
    expect(await catalogueSurvivors([{ name: change, table: null, rule, change }])).toEqual([])
  })

  test.each(SEEN_BREAKS)('%s, by the matrix: %s', async (rule, change) => {
    expect(await survivors([{ name: change, table: null, rule, change }])).toEqual([])
  })

  test('no rule of the catalogue is without something that breaks it', () => {
    const broken = new Set([...TABLE_BREAKS, ...OTHER_BREAKS].map(([rule]) => rule))
    expect(CATALOGUE.map(([rule]) => rule).filter((rule) => !broken.has(rule))).toEqual([])
  })
})
