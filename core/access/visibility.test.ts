import { describe, expect, test } from 'vitest'
import type { NodeId, SpaceId, UserId } from '../ids.ts'
import type { PrincipalFacts } from '../namespace/model.ts'
import { isSameReadable, readableBy, shownEntries, shownNodes } from './visibility.ts'

const anna = 'anna' as SpaceId
const team = 'team' as SpaceId
const other = 'other' as SpaceId
const nodes = [anna, team, other].map((spaceId) => ({ id: `in ${spaceId}` as NodeId, spaceId, parentId: null }))

const principal = (roles: (PrincipalFacts & { standing: 'active' })['roles']): PrincipalFacts => ({
  standing: 'active',
  userId: 'user' as UserId,
  device: 'laptop',
  roles,
})
const spacesShown = (who: PrincipalFacts) => shownNodes(readableBy(who), nodes).map(({ spaceId }) => spaceId)

describe('I15, T11 one filter says what a principal may read', () => {
  test('any role reads, no role reads nothing (P1-08: deny by default)', () => {
    expect(spacesShown(principal({ [anna]: 'manager', [team]: 'reader' }))).toEqual([anna, team])
    expect(spacesShown(principal({}))).toEqual([])
  })

  test('T26 a revoked session reads nothing, whatever its roles were', () => {
    expect(spacesShown({ standing: 'revoked' })).toEqual([])
  })

  test('the system reads every space', () => {
    expect(spacesShown(principal('every-space'))).toEqual([anna, team, other])
  })

  test('entries are shown in their order, as their nodes are', () => {
    const entries = nodes.toReversed().map((node, at) => ({ seq: at + 1, node }))
    const shown = shownEntries(readableBy(principal({ [anna]: 'writer', [other]: 'writer' })), entries)
    expect(shown.map(({ seq }) => seq)).toEqual([1, 3])
  })

  test('a space named like a member of every object is no right', () => {
    const hidden = [{ id: 'n' as NodeId, spaceId: 'constructor' as SpaceId, parentId: null }]
    expect(shownNodes(readableBy(principal({ [anna]: 'writer' })), hidden)).toEqual([])
  })

  test('equal rights are recognised, whatever the roles that give them', () => {
    const readable = readableBy(principal({ [anna]: 'manager', [team]: 'reader' }))
    expect(isSameReadable(readable, readableBy(principal({ [team]: 'writer', [anna]: 'reader' })))).toBe(true)
    expect(isSameReadable(readable, readableBy(principal({ [anna]: 'manager', [other]: 'reader' })))).toBe(false)
    expect(isSameReadable(readable, readableBy(principal('every-space')))).toBe(false)
    expect(isSameReadable(readableBy(principal('every-space')), readableBy(principal('every-space')))).toBe(true)
  })
})
