import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildCli } from './build.ts'
import { MAIN } from './main-path.ts'

/** The program itself, in a project that says where it was started from. */
describe('the bundle of the command line', () => {
  let project: string
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'bitvault-bin-'))
    for (const folder of ['cli', 'dist']) mkdirSync(join(project, folder))
    copyFileSync(MAIN, join(project, 'cli', 'bin.js'))
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(project, 'cli', 'main.ts'), `console.log('sources' as string)`)
    writeFileSync(join(project, 'dist', 'cli.js'), `console.log('bundle')`)
  })
  afterEach(() => rmSync(project, { recursive: true, force: true }))

  const runs = (): string =>
    execFileSync(process.execPath, [join(project, 'cli', 'bin.js')], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: join(project, 'cache') },
    }).trim()

  const madeOf = (...paths: string[]): void => {
    const stamps = paths.map((path) => {
      const { size, mtimeMs } = statSync(join(project, path))
      return [path, `${size} ${mtimeMs}`]
    })
    writeFileSync(join(project, 'dist', 'cli.inputs.json'), JSON.stringify(Object.fromEntries(stamps)))
  }

  test('is run as long as nothing has changed of what it was made of', () => {
    madeOf('cli/main.ts')
    expect(runs()).toBe('bundle')
    writeFileSync(join(project, 'cli', 'main.ts'), `console.log('newer sources' as string)`)
    expect(runs()).toBe('newer sources')
  })

  test('is left alone when something that it was made of is gone, and when nobody knows what that was', () => {
    writeFileSync(join(project, 'cli', 'other.ts'), '')
    madeOf('cli/main.ts', 'cli/other.ts')
    rmSync(join(project, 'cli', 'other.ts'))
    expect(runs()).toBe('sources')
    rmSync(join(project, 'dist', 'cli.inputs.json'))
    expect(runs()).toBe('sources')
    writeFileSync(join(project, 'dist', 'cli.inputs.json'), '{"cli/main.ts"')
    expect(runs()).toBe('sources')
  })

  test('is made of the sources as they are, and says what they say', async () => {
    await buildCli()
    const bundle = join(MAIN, '../../dist/cli.js')
    const say = (program: string): string =>
      execFileSync(process.execPath, [program, '--version', '--json'], { encoding: 'utf8' })
    expect(say(bundle)).toBe(say(join(MAIN, '../main.ts')))
  })
})
