import type { Api } from '../../../client/api.ts'
import { linkFolder } from '../../../client/node/sync/links/link-folder.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { sayTo, type Say } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import type { Finding } from '../../sync/doctor/finding.ts'
import { folderFindings } from '../../sync/doctor/folder-findings.ts'
import { placeFindings } from '../../sync/doctor/place-findings.ts'
import { serverFindings } from '../../sync/doctor/server-findings.ts'
import { workFindings } from '../../sync/doctor/work-findings.ts'
import { stateOf } from '../../sync/link-parts.ts'
import { statusOf } from '../../sync/running.ts'
import { folderForShell, shownFolder } from '../../sync/view/shown-folder.ts'
import { wrapText } from '../../text/wrap.ts'
import type { Colour } from '../../text/paint.ts'
import type { World } from '../../world.ts'

type Section = { of: string; head: string; findings: Finding[] }

/** Looks at everything that a link needs, and says what to do where something is not as it should be. */
export async function syncDoctor(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const links = await chooseLinks(world, call.args[0])
  const sections: Section[] = []
  for (const server of new Set(links.map((link) => link.server))) {
    const { findings, api } = await serverFindings(server, call.options, world)
    sections.push({ of: server, head: server, findings })
    for (const link of links) if (link.server === server) sections.push(await linkSection(link, api, world, say))
  }
  const all = sections.flatMap(({ of, findings }) => findings.map((finding) => ({ of, ...finding })))
  const bad = all.filter(({ is }) => is === 'bad').length
  await say.json({ findings: all, bad })
  for (const [at, section] of sections.entries())
    await say.lines([...(at === 0 ? [] : ['']), ...sectionLines(section, world, say)])
  if (bad > 0)
    await say.done(bad === 1 ? '\nOne thing is not as it should be.' : `\n${bad} things are not as they should be.`)
  return bad === 0 ? EXIT.ok : EXIT.failed
}

async function linkSection(link: Link, api: Api | null, world: World, say: Say): Promise<Section> {
  const status = await statusOf(world, link)
  const own = linkFolder(link.id, stateOf(world))
  const folder = folderForShell(link.root, world.home)
  return {
    of: link.root,
    head: `${say.name(shownFolder(link.root, world.home))} ⇄ ${say.name(link.place)}`,
    findings: [
      ...(await folderFindings(link, status, own)),
      ...workFindings({ status, own, folder, nowMs: world.now() }),
      ...(api === null ? [] : await placeFindings(api, link, folder)),
    ],
  }
}

const SIGNS: Readonly<Record<Finding['is'], readonly [sign: string, colour: Colour]>> = {
  good: ['✓', 'green'],
  note: ['!', 'yellow'],
  bad: ['✗', 'red'],
}
const INDENT = '  '
const CHECK_WIDTH = 13

function sectionLines({ head, findings }: Section, { stdout }: World, say: Say): string[] {
  const columns = stdout.isTerminal ? Math.max(40, stdout.columns - 1) : 120
  const hang = ' '.repeat(INDENT.length + 2 + CHECK_WIDTH + 1)
  const lines = findings.flatMap(({ check, is, text, next }) => {
    const [sign, colour] = SIGNS[is]
    const [first = '', ...rest] = wrapText(say.name(text), columns - hang.length)
    const then = next === undefined ? [] : wrapText(say.name(next), columns - hang.length - 2)
    return [
      `${INDENT}${say.paint(colour, sign)} ${check.padEnd(CHECK_WIDTH)} ${first}`,
      ...rest.map((line) => hang + line),
      ...then.map((line, at) => `${hang}${say.paint('dim', `${at === 0 ? '→ ' : '  '}${line}`)}`),
    ]
  })
  return [say.paint('bold', head), ...lines]
}
