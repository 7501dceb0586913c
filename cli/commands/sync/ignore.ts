import type { Link } from '../../../client/node/sync/links/link.ts'
import { IGNORE_FILE } from '../../../client/sync/ignore.ts'
import { BUILT_IN_RULES } from '../../../client/sync/ignore-built-in.ts'
import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError } from '../../failure.ts'
import { sayTo, type Say } from '../../say.ts'
import { chooseOnly, linkAt } from '../../sync/choose-links.ts'
import {
  checkPattern,
  newlyIgnored,
  readIgnoreFile,
  rulesIn,
  withoutRules,
  withRules,
  writeIgnoreFile,
  type Effect,
} from '../../sync/ignore-rules.ts'
import { linksOf } from '../../sync/link-parts.ts'
import { realPathOf } from '../../sync/local-folder.ts'
import { tellChanged } from '../../sync/running.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import { formatCount } from '../../text/quantity.ts'
import type { World } from '../../world.ts'
import { resolve } from 'node:path'

const SHOWN = 10
const ALWAYS =
  '\nAlways left out, unless a rule with ! takes it back: lock and swap files of editors,\n.DS_Store, Thumbs.db, desktop.ini.'

/** Lists, adds to and removes from the rules of a linked folder, and says what that changes now. */
export async function syncIgnore(call: Call<{ remove: boolean }>, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const { link, patterns } = await understand(call.args, world)
  const text = await readIgnoreFile(link.root)
  if (patterns.length === 0) return list(link, text, world, say)
  for (const pattern of patterns) checkPattern(pattern)
  return call.options.remove ? remove(link, text, patterns, say, world) : add(link, text, patterns, say, world)
}

/** The first word is the folder when it is the root of a link; anything else is a pattern. */
async function understand(args: readonly string[], world: World): Promise<{ link: Link; patterns: readonly string[] }> {
  const [first, ...rest] = args
  const links = await linksOf(world).list()
  const named = first === undefined ? null : await linkAt(world, first, links)
  if (first !== undefined && named !== null && (await realPathOf(resolve(world.cwd, first))) === named.root)
    return { link: named, patterns: rest }
  return { link: await chooseOnly(world, undefined), patterns: args }
}

async function list({ root, id }: Link, text: string, world: World, say: Say): Promise<ExitCode> {
  const rules = rulesIn(text)
  await say.json({ id, root, rules, builtIn: BUILT_IN_RULES })
  await say.lines(rules)
  if (rules.length === 0) await say.done(`${say.name(shownFolder(root, world.home))} has no rules of its own.`)
  await say.note(say.paintNote('dim', ALWAYS))
  return EXIT.ok
}

async function add(link: Link, text: string, patterns: readonly string[], say: Say, world: World): Promise<ExitCode> {
  const next = withRules(text, patterns)
  if (next === text) {
    await say.json({ id: link.id, root: link.root, added: [], leftOut: [] })
    await say.done('These rules are there already.')
    return EXIT.ok
  }
  const effects = await collect(link.root, text, next)
  await change(link, next, world)
  await say.json({ id: link.id, root: link.root, added: patterns, leftOut: effects })
  await say.done(`Added to ${IGNORE_FILE}: ${patterns.map((pattern) => say.name(pattern)).join('  ')}`)
  await sayEffects(effects, 'Left out from now on', 'Nothing that is here now is left out by it.', say)
  if (effects.length > 0) await say.done('What the server has of them stays there, and is no longer kept in step.')
  return EXIT.ok
}

async function remove(
  link: Link,
  text: string,
  patterns: readonly string[],
  say: Say,
  world: World,
): Promise<ExitCode> {
  const present = new Set(rulesIn(text))
  const unknown = patterns.filter((pattern) => !present.has(pattern))
  if (unknown.length > 0)
    throw new CliError({
      code: 'not-found',
      exit: EXIT.notFound,
      message: `there is no rule ${unknown.join('  ')}`,
      next: 'bitvault sync ignore lists those that are there.',
    })
  const next = withoutRules(text, patterns)
  const effects = await collect(link.root, next, text)
  await change(link, next, world)
  await say.json({ id: link.id, root: link.root, removed: patterns, noLongerLeftOut: effects })
  await say.done(`Removed from ${IGNORE_FILE}: ${patterns.map((pattern) => say.name(pattern)).join('  ')}`)
  await sayEffects(effects, 'Kept in step from now on', 'Nothing that is here now comes back by it.', say)
  return EXIT.ok
}

async function change(link: Link, text: string, world: World): Promise<void> {
  await writeIgnoreFile(link.root, text)
  await tellChanged(world, link)
}

async function collect(root: string, from: string, to: string): Promise<Effect[]> {
  const effects: Effect[] = []
  for await (const effect of newlyIgnored(root, from, to)) effects.push(effect)
  return effects.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

async function sayEffects(effects: readonly Effect[], head: string, none: string, say: Say): Promise<void> {
  if (effects.length === 0) return say.done(none)
  await say.done(`${head}: ${formatCount(effects.length, 'thing')}`)
  for (const { path, kind } of effects.slice(0, SHOWN))
    await say.done(`  ${say.name(path)}${kind === 'folder' ? '/' : ''}`)
  if (effects.length > SHOWN) await say.done(say.paint('dim', `  … and ${effects.length - SHOWN} more`))
}
