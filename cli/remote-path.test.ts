import { expect, test } from 'vitest'
import { joinRemotePath, parseRemotePath, parseRemotePathInSpace } from './remote-path.ts'

test.each([
  ['home/docs/a.txt', ['home', 'docs', 'a.txt'], false],
  ['/home/docs/', ['home', 'docs'], true],
  ['home//docs///a', ['home', 'docs', 'a'], false],
  ['home', ['home'], false],
  ['/', [], true],
  ['', [], false],
  ['home/ a b \\*?"', ['home', ' a b \\*?"'], false],
  ['home/e\u0301', ['home', 'e\u0301'], false],
])('%j', (text, segments, isFolder) => expect(parseRemotePath(text)).toEqual({ segments, isFolder }))

test.each([
  ['home/../x', '“..” cannot be a name: "." and ".." are not names'],
  ['./home', '“.” cannot be a name: "." and ".." are not names'],
  ['home/a\nb', '“a\nb” cannot be a name: a name holds no NUL, control or line-separator characters'],
  ['home/\u0000', '“\u0000” cannot be a name: a name holds no NUL, control or line-separator characters'],
  ['home/\ufffd', '“\ufffd” cannot be a name: a name is well-formed Unicode'],
])('N1-N6 %j is refused before anything is asked', (text, message) => {
  expect(() => parseRemotePath(text)).toThrow(expect.objectContaining({ message, exit: 2, code: 'name-invalid' }))
})

test('N4 a name of more than 255 bytes is refused', () => {
  expect(parseRemotePath(`home/${'x'.repeat(255)}`).segments[1]).toHaveLength(255)
  expect(() => parseRemotePath(`home/${'ü'.repeat(128)}`)).toThrow('at most 255 bytes')
})

test('most commands need a space', () => {
  expect(() => parseRemotePathInSpace('//')).toThrow(expect.objectContaining({ exit: 2 }))
})

test('joined as the server takes it', () => expect(joinRemotePath(parseRemotePath('/home/a/'), 'b')).toBe('home/a/b'))
