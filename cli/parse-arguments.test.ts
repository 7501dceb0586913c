import { describe, expect, test } from 'vitest'
import { parseArguments } from './parse-arguments.ts'
import { COMMANDS } from './table/commands.ts'

const parse = (line: string) => parseArguments(line === '' ? [] : line.split(' '), COMMANDS)
const run = (line: string) => {
  const parsed = parse(line)
  if (parsed.do !== 'run') throw new Error(`not a run but ${parsed.do}`)
  return { name: parsed.command.name, ...parsed.call }
}

describe('what is understood', () => {
  test('options before and behind, long and short, joined and apart', () => {
    const options = { server: undefined, json: false, quiet: false, debug: false, help: false }
    expect(run('ls -lR home')).toEqual({
      name: 'ls',
      args: ['home'],
      options: { ...options, long: true, recursive: true },
    })
    expect(run('--json ls home --long').options).toEqual({ ...options, json: true, long: true, recursive: false })
    expect(run('--server https://a.example ls').options.server).toBe('https://a.example')
    expect(run('--server=https://a.example ls').options.server).toBe('https://a.example')
    expect(run('ls --server https://a.example').args).toEqual([])
    expect(run('-q cat --revision 3 home/a').options).toEqual({ ...options, quiet: true, revision: 3 })
  })

  test('commands of two words', () => {
    expect(run('token create backup --days 30')).toMatchObject({
      name: 'token create',
      args: ['backup'],
      options: { days: 30 },
    })
    expect(run('--json admin audit').name).toBe('admin audit')
  })

  test('a command of one word that is the head of a group takes any other word as an argument', () => {
    expect(run('trash')).toMatchObject({ name: 'trash', args: [] })
    expect(run('trash home/work')).toMatchObject({ name: 'trash', args: ['home/work'] })
    expect(run('trash empty home --older 2w')).toMatchObject({ name: 'trash empty', args: ['home'] })
    expect(run('versions -- restore')).toMatchObject({ name: 'versions', args: ['restore'] })
    expect(run('spaces set home --trash-days 3')).toMatchObject({ name: 'spaces set', args: ['home'] })
  })

  test('an option of a list may be given several times', () => {
    expect(run('set --property a=1 --property b=2 home/a').options).toMatchObject({ property: ['a=1', 'b=2'] })
    expect(run('set -x home/a').options).toMatchObject({ property: [], executable: true })
  })

  test('after -- everything is an argument', () => {
    expect(run('mkdir -- --json').args).toEqual(['--json'])
    expect(run('put -- -q home/').options.quiet).toBe(false)
  })

  test.each([
    ['', []],
    ['--help', []],
    ['-h', []],
    ['put --help', ['put']],
    ['token --help', ['token']],
    ['token create -h', ['token', 'create']],
  ])('%j asks for help', (line, topic) => expect(parse(line)).toEqual({ do: 'help', topic }))

  test('--version', () => expect(parse('--version')).toEqual({ do: 'version', json: false }))
})

describe('what is refused, and what it says', () => {
  test.each([
    ['spces', 'there is no command spces: did you mean bitvault spaces?'],
    ['frobnicate', 'there is no command frobnicate: bitvault --help lists them'],
    ['token', 'token needs one word more: token create, token list, token revoke'],
    ['token mint', 'there is no command token mint: token create, token list, token revoke'],
    ['ls --lnog', 'there is no option --lnog: did you mean --long?'],
    ['ls -z', 'there is no option -z: see bitvault ls --help'],
    ['ls --json=yes', '--json takes no value'],
    ['--nonsense', 'there is no option --nonsense: see bitvault --help'],
    ['cat --revision', '--revision needs a value: --revision n'],
    ['cat --revision x home/a', '--revision needs a whole number from 1, not “x”'],
    ['cat --revision 0 home/a', '--revision needs a whole number from 1, not “0”'],
    ['cat --revision -1 home/a', '--revision needs a whole number from 1, not “-1”'],
    ['ls --server --json', '--server needs a value: --server URL'],
    ['ls --server=', '--server needs a value: --server URL'],
    ['put a.txt', 'something is missing; it goes: bitvault put <file|folder>… <destination>'],
    ['spaces home', 'that is too much; it goes: bitvault spaces'],
    ['ls --constructor', 'there is no option --constructor: see bitvault ls --help'],
  ])('%j', (line, message) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ message, exit: 2, code: 'usage' }))
  })
})
