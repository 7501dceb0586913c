import { expect, test } from 'vitest'
import { readTar } from './tar.ts'

/** One entry: the fields that readTar looks at. */
function entry(path: string, type: string, content: string): Buffer {
  const header = Buffer.alloc(512)
  header.write(path, 0)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write(type, 156)
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512)
  body.write(content)
  return Buffer.concat([header, body])
}

const read = (...entries: Buffer[]) =>
  Array.from(readTar(Buffer.concat([...entries, Buffer.alloc(1024)])), ({ path, bytes }) => [
    path,
    Buffer.from(bytes).toString(),
  ])

test('files come with their path and bytes, links and folders do not', () => {
  const files = read(entry('a/', '5', ''), entry('a/b', '0', 'x'.repeat(513)), entry('l', '2', ''), entry('c', '0', ''))
  expect(files).toEqual([
    ['a/b', 'x'.repeat(513)],
    ['c', ''],
  ])
})

test('a pax record names the file after it, and only that', () => {
  const files = read(entry('pax', 'x', '18 path=long/name\n'), entry('short', '0', '1'), entry('next', '0', '2'))
  expect(files).toEqual([
    ['long/name', '1'],
    ['next', '2'],
  ])
})

test.each(['/etc/passwd', '../up', 'a/../../up'])('the path %s is refused', (path) => {
  expect(() => read(entry(path, '0', 'x'))).toThrow(expect.objectContaining({ code: 'internal' }))
})
