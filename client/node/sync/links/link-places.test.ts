import { describe, expect, test } from 'vitest'
import { aLink } from '../../../../test/support/a-link.ts'
import { findPlaceFault, isInside, linkOf } from './link-places.ts'

const links = [aLink({ root: '/home/test/Photos' })]
const around = { links, home: '/home/test', own: ['/home/test/.config/bitvault', '/home/test/.local/state/bitvault'] }

describe('SY-4 folders that cannot be linked', () => {
  test.each([
    ['/home/test/Photos', 'linked'],
    ['/home/test/Photos/2026', 'inside-linked'],
    ['/', 'too-wide'],
    ['/home/test', 'too-wide'],
    ['/home', 'too-wide'],
    ['/home/test/.config/bitvault', 'our-own'],
    ['/home/test/.config', 'our-own'],
    ['/home/test/.local/state/bitvault/sync', 'our-own'],
    ['/home/test/Photos 2', undefined],
    ['/home/test/Photo', undefined],
    ['/srv/data', undefined],
  ])('%s: %s', (root, fault) => expect(findPlaceFault(root, around)?.is).toBe(fault))

  test('one that holds a linked one', () => {
    const fault = findPlaceFault('/srv', { ...around, links: [aLink({ root: '/srv/data/x' })] })
    expect(fault).toMatchObject({ is: 'holds-linked', with: { root: '/srv/data/x' } })
  })
})

test('a path belongs to the link that it is in, and names that only begin alike do not', () => {
  expect(linkOf('/home/test/Photos/a/b', links)).toBe(links[0])
  expect(linkOf('/home/test/Photos', links)).toBe(links[0])
  expect(linkOf('/home/test/Photos 2/a', links)).toBe(null)
  expect(isInside('/a', '/')).toBe(true)
  expect(isInside('C:\\a\\b', 'C:\\a', '\\')).toBe(true)
})
