import fc from 'fast-check'
import { expect, test } from 'vitest'
import { elements, elementText, escapeXml } from './xml.ts'

test('any text written into an element is read back', () => {
  const check = (text: string) => void expect(elementText(`<Key>${escapeXml(text)}</Key>`, 'Key')).toBe(text)
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), check), { seed: 20261120, numRuns: 500 })
})

test('records are kept apart, attributes and namespaces do not matter', () => {
  const xml =
    '<R xmlns="x"><C><Key>a</Key></C><C kind="y"><Key>b&#x1F600;&lt;</Key></C><Common><Key>c</Key></Common></R>'
  expect(elements(xml, 'C').map((item) => elementText(item, 'Key'))).toEqual(['a', 'b😀<'])
  expect(elementText(xml, 'Missing')).toBeNull()
})

test('unknown entities and impossible characters are left as they are', () => {
  expect(elementText('<K>&xxe;&#x110000;&#9999999;&amp;lt;</K>', 'K')).toBe('&xxe;&#x110000;&#9999999;&lt;')
})
