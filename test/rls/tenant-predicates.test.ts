import { readFile, readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { TABLES, isOfTenant } from './rows.ts'
import { predicateFaults, templateTexts } from './tenant-predicates.ts'

const tables = Object.keys(TABLES).filter((name) => isOfTenant(TABLES[name]!))
const folder = new URL('../../db/tenant/', import.meta.url)
const files = (await readdir(folder)).filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
const texts = (
  await Promise.all(
    files.map(async (file) =>
      templateTexts(await readFile(new URL(file, folder), 'utf8')).map((sql) => ({ file, sql })),
    ),
  )
).flat()

/** Statements without a condition of their own, with the reason. */
const ALLOWED: Readonly<Record<string, string>> = {
  'relay.ts: outbox o':
    'takes the rows that the statement has just locked, by their random ids, in `due`, which has the condition',
}

describe('RS-19: every statement of db/tenant names the tenant itself (T9)', () => {
  test.each(files)('%s', (file) => {
    const faults = texts.filter((text) => text.file === file).flatMap(({ sql }) => predicateFaults(sql, tables))
    expect(faults.map((fault) => `${file}: ${fault}`).filter((fault) => !(fault in ALLOWED))).toEqual([])
  })

  test('every exception is still needed', () => {
    const faults = new Set(
      texts.flatMap(({ file, sql }) => predicateFaults(sql, tables).map((fault) => `${file}: ${fault}`)),
    )
    expect(Object.keys(ALLOWED).filter((fault) => !faults.has(fault))).toEqual([])
  })

  test('there is something to read', () => {
    expect(texts.filter(({ sql }) => /\b(from|join|update|into)\b/.test(sql)).length).toBeGreaterThan(20)
  })
})

describe('RS-20: a condition that goes missing is seen', () => {
  const conditions = texts.flatMap(({ file, sql }) =>
    [...sql.matchAll(/(?:\b\w+\.)?tenant_id\s*=/g)].map(({ index, 0: found }) => ({
      file,
      sql,
      at: sql.slice(Math.max(0, index - 30), index + 30).replaceAll(/\s+/g, ' '),
      without: `${sql.slice(0, index)}true or 1 =${sql.slice(index + found.length)}`,
    })),
  )
  test.each(conditions)('$file: …$at…', ({ sql, without }) => {
    expect(predicateFaults(without, tables).length).toBeGreaterThan(predicateFaults(sql, tables).length)
  })

  test.each([
    'select * from nodes',
    'select * from nodes n where n.id = $2',
    'select * from nodes n join versions v on v.node_id = n.id where n.tenant_id = $1',
    'select * from nodes n join versions v on v.tenant_id = n.tenant_id',
    'select * from nodes n where n.tenant_id = $2',
    'select * from usage, nodes where tenant_id = $1',
    'update outbox set attempts = 1',
    'delete from outbox using chunks c where outbox.tenant_id = $1',
    'insert into usage (through_seq, tenant_id) values (1, $1)',
    'insert into usage (tenant_id, through_seq) values ($2, 1)',
  ])('%s', (sql) => {
    expect(predicateFaults(sql, tables)).not.toEqual([])
  })
})
