import { describe, expect, test } from 'vitest'
import { answerOf, madeEntry, nameOf, playCell } from '../../test/support/conflict-cells.ts'
import { memoryCellServer } from '../../test/support/memory-cell-server.ts'
import { allCells, MATRIX } from './conflict-matrix.ts'
import { VERDICTS, type VerdictName } from './conflict-verdicts.ts'

/** Of every content that was ever written, somebody can find a version, or a conflict that holds it (I2). */
function lostContents({ server }: ReturnType<typeof memoryCellServer>): string[] {
  const { contents, versions, conflicts } = server.state
  const kept = new Set([...versions.values(), ...conflicts.values()].map(({ content }) => content))
  return [...contents.keys()].filter((id) => !kept.has(id))
}

describe('P2-P6 first operation × second operation', () => {
  test.each(allCells().map((cell) => [nameOf(cell), cell.verdict, cell] as const))('%s: %s', async (_, name, cell) => {
    const memory = memoryCellServer()
    const played = await playCell(memory.cells, cell)
    const verdict = VERDICTS[name]
    expect(answerOf(played.second)).toEqual(verdict.answer)
    expect(madeEntry(played) ? 'made' : 'none').toBe(verdict.entry)
    // I11: once more, as after a lost reply.
    expect(played.again).toEqual(played.second)
    expect(lostContents(memory)).toEqual([])
    // I10: the journal folds to what is stored.
    for (const [id, node] of new Map(memory.journal.map(({ node }) => [node.id, node])))
      expect(memory.nodes.get(id)).toEqual(node)
  })
})

test('many cells in one space do not disturb one another', async () => {
  const memory = memoryCellServer()
  for (const cell of allCells().filter((cell) => 'relation' in cell && cell.relation === 'second-inside')) {
    const { second } = await playCell(memory.cells, cell)
    expect([nameOf(cell), answerOf(second)]).toEqual([nameOf(cell), VERDICTS[cell.verdict].answer])
  }
})

test('every verdict is used, and no cell is there twice', () => {
  const cells = allCells()
  const used = new Set<VerdictName>(cells.map(({ verdict }) => verdict))
  expect(Object.keys(VERDICTS).filter((name) => !used.has(name as VerdictName))).toEqual([])
  expect(new Set(cells.map(nameOf)).size).toBe(cells.length)
  const sizes = Object.values(MATRIX).map((rows) => Object.values(rows).flatMap((row) => Object.keys(row)).length)
  expect(sizes.reduce((sum, size) => sum + size, 0) + 15).toBe(cells.length)
})

describe('both orders', () => {
  const at = (rows: Record<string, Record<string, VerdictName>>, first: string, second: string) => rows[first]?.[second]

  test.each(['same-file', 'same-folder', 'same-name', 'into-each-other'] as const)(
    '%s: each pair is there in both',
    (relation) => {
      const rows = MATRIX[relation]
      for (const first of Object.keys(rows))
        for (const second of Object.keys(rows)) {
          expect(at(rows, first, second)).toBeDefined()
          expect(at(rows, second, first)).toBeDefined()
        }
    },
  )

  test('inside: what one table has, the other has the other way round', () => {
    for (const [outer, row] of Object.entries(MATRIX['second-inside']))
      for (const inner of Object.keys(row)) expect(at(MATRIX['first-inside'], inner, outer)).toBeDefined()
  })
})
