import { describe, expect, test } from 'vitest'
import { MAC, WINDOWS } from '../../test/support/planned-device.ts'
import { LINUX } from './abilities.ts'
import { findLocalNameFault, isSameOnDisk } from './names.ts'

describe('names that Windows refuses', () => {
  test.each([
    ['CON', 'CON'],
    ['aux.txt', 'aux'],
    ['nul.tar.gz', 'nul'],
    ['com1', 'com1'],
    ['LPT³.log', 'LPT³'],
    ['CONIN$', 'CONIN$'],
    ['prn .txt', 'prn'],
    ['a:b', '":"'],
    ['what?', '"?"'],
    ['a|b', '"|"'],
    ['back\\slash', '"\\\\"'],
    ['ends.', '"."'],
    ['ends ', '" "'],
  ])('NM-07 NM-08 %j is blocked, and what is wrong is shown', (name, shown) => {
    expect(findLocalNameFault(name, WINDOWS)).toMatchObject({ reason: 'name-not-possible' })
    expect(findLocalNameFault(name, WINDOWS)!.detail).toContain(shown)
    expect(findLocalNameFault(name, LINUX)).toBeNull()
    expect(findLocalNameFault(name, MAC)).toBeNull()
  })

  test.each(['CONSOLE.txt', 'auxiliary', 'com', 'com10', '.con', 'a.con', '~$x.docx', ' leads', 'é'])(
    'NM-08 %j is not',
    (name) => expect(findLocalNameFault(name, WINDOWS)).toBeNull(),
  )
})

test('NM-11 lengths count as the disk counts: bytes or UTF-16, composed or not', () => {
  const long = 'é'.repeat(127)
  expect(findLocalNameFault(long, LINUX)).toBeNull()
  expect(findLocalNameFault(`${long}é`, LINUX)).toMatchObject({ reason: 'name-not-possible' })
  expect(findLocalNameFault(long, MAC)).toMatchObject({ reason: 'name-not-possible' })
  expect(findLocalNameFault('é'.repeat(255), WINDOWS)).toBeNull()
  expect(findLocalNameFault('𝄞'.repeat(128), WINDOWS)).toMatchObject({ reason: 'name-not-possible' })
})

test.each([
  ['A', 'a', false, true, true],
  ['é', 'e\u0301', false, true, false],
  ['É', 'e\u0301', false, true, false],
  ['a', 'b', false, false, false],
])('NM-01 NM-04 are %j and %j one name? linux %j, mac %j, windows %j', (a, b, linux, mac, windows) => {
  expect([isSameOnDisk(a, b, LINUX), isSameOnDisk(a, b, MAC), isSameOnDisk(a, b, WINDOWS)]).toEqual([
    linux,
    mac,
    windows,
  ])
})
