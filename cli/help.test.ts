import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { completionScript } from './completion.ts'
import { helpText } from './help.ts'
import { runCli } from './run.ts'
import { COMMANDS } from './table/commands.ts'
import { testWorld } from './test-world.ts'

describe('help', () => {
  test('of one command, word for word', () => {
    expect(helpText(['mkdir'], COMMANDS)).toBe(`bitvault mkdir: make folders

  bitvault mkdir home/work                # one folder
  bitvault mkdir -p home/work/2027/plans  # those above as well

Usage: bitvault mkdir [-p] <path>…

Makes folders. Without -p, the folder above must exist and the name must be
free.

Options:
  -p, --parents  make missing folders above; a folder that exists is no error

For every command:
      --server URL  which server; otherwise BITVAULT_SERVER, otherwise the last
                    one signed in to
      --json        results as JSON on standard output, errors as {"error": …}
                    on standard error
  -q, --quiet       results and errors only: no progress, no confirmations
      --debug       with an error, show where it came from
  -h, --help        this text

Exit codes: 0 done · 1 failed · 2 wrong command line · 3 not signed in · 4 not
found · 5 conflict, a copy was made · 6 partly done · 7 server unreachable or
busy · 130 interrupted
`)
  })

  test('the overview names every command, exit code and variable', () => {
    const text = helpText([], COMMANDS)
    for (const { name, summary } of COMMANDS)
      expect(text).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 12)}`, 'm'))
    for (const word of [
      '  130 ',
      'BITVAULT_SERVER',
      'BITVAULT_TOKEN',
      'XDG_CONFIG_HOME',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ])
      expect(text).toContain(word)
  })

  test.each([[], ...COMMANDS.map(({ name }) => name.split(' '))].map((topic) => [topic.join(' '), topic]))(
    'of “%s” fits into 80 columns, with an example first',
    (_, topic) => {
      const text = helpText(topic as string[], COMMANDS)
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
      expect(text.indexOf('  bitvault ')).toBeGreaterThan(0)
    },
  )

  test('of a group lists its words', () => {
    expect(helpText(['token'], COMMANDS)).toBe(`bitvault token: one of

  token create  make an API token for a machine
  token list    your API tokens
  token revoke  end an API token

More: bitvault token <word> --help
`)
  })
})

describe('failures on the command line', () => {
  const run = async (line: string, isTerminal = false) => {
    const world = testWorld({ isTerminal })
    return { exit: await runCli(line.split(' '), COMMANDS, world), out: world.out(), err: world.err() }
  }

  test('are one sentence, with the code in brackets', async () => {
    expect(await run('spces')).toEqual({
      exit: 2,
      out: '',
      err: 'bitvault: there is no command spces: did you mean bitvault spaces? [usage]\n',
    })
  })

  test('are a document on standard error with --json', async () => {
    const { exit, out, err } = await run('ls --json --nope')
    expect({ exit, out, error: JSON.parse(err) }).toEqual({
      exit: 2,
      out: '',
      error: {
        error: {
          type: 'urn:bitvault:problem:usage',
          title: 'there is no option --nope: see bitvault ls --help.',
          code: 'usage',
        },
      },
    })
  })

  test('T15 cannot send escape sequences to a terminal', async () => {
    const { err } = await run('mkdir home/\u001b[2J', true)
    expect(err).not.toContain('\u001b[2J')
    expect(err).toContain('\\u{1b}[2J')
  })

  test('show where they came from with --debug only', async () => {
    expect((await run('ls --nope')).err).not.toContain('parse-arguments')
    expect((await run('ls --nope --debug')).err).toContain('parse-arguments')
  })
})

describe('completion', () => {
  const complete = (words: string[]) =>
    execFileSync(
      'bash',
      [
        '-c',
        `${completionScript('bash', COMMANDS)}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bitvault 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        ...words,
      ],
      { encoding: 'utf8' },
    )
      .split('\n')
      .filter((line) => line !== '')

  test('bash: commands, second words, options, shells', () => {
    expect(complete(['bitvault', 'l'])).toEqual(['ls', 'ln', 'login', 'logout'])
    expect(complete(['bitvault', 'token', ''])).toEqual(['create', 'list', 'revoke'])
    expect(complete(['bitvault', 'token', 'create', '--d'])).toEqual(['--days', '--debug'])
    expect(complete(['bitvault', 'put', '--tr'])).toEqual(['--trace'])
    expect(complete(['bitvault', 'versions', 're'])).toEqual(['restore'])
    expect(complete(['bitvault', 'versions', 'home/a', '--js'])).toEqual(['--json'])
    expect(complete(['bitvault', 'trash', 'empty', '--o'])).toEqual(['--older'])
    expect(complete(['bitvault', 'completion', 'z'])).toEqual(['zsh'])
    expect(complete(['bitvault', 'put', '/et'])).toContain('/etc')
  })

  test('zsh and fish name every command', () => {
    for (const shell of ['zsh', 'fish'] as const) {
      const script = completionScript(shell, COMMANDS)
      for (const { name } of COMMANDS) expect(script).toContain(name.split(' ').at(-1))
    }
  })
})
