import type { Api } from '../../client/api.ts'
import { openUploadJournal } from '../../client/node/upload-journal.ts'
import { nodeFileSource } from '../../client/node/file-source.ts'
import { stateFolder } from '../../client/node/folders.ts'
import { walk } from '../../client/node/walk.ts'
import { planTree } from '../../client/transfer/plan.ts'
import { uploadTree } from '../../client/transfer/upload.ts'
import type { LinkItem, UploadItem } from '../../client/transfer/events.ts'
import { uploadLinks } from '../../client/transfer/upload-links.ts'
import { memoryExporter } from '../../telemetry/span.ts'
import { askWho } from '../ask-who.ts'
import type { Call } from '../command.ts'
import { connect, traced, type Connection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { showProgress } from '../progress/display.ts'
import { parseRemotePathInSpace } from '../remote-path.ts'
import { sayTo, type Say } from '../say.ts'
import { traceCommand } from '../tracing.ts'
import type { World } from '../world.ts'
import { findSources, openDestination } from './put-destination.ts'
import { createPutReport, type PutReport } from './put-report.ts'
import { printTrace } from './put-trace.ts'

type PutFlags = { 'no-clobber': boolean; trace: boolean }

/**
 * walk ──► plan (folders made, present content looked up) ──► upload ──► events ──► report
 *
 * Everything streams: a tree of any size is never held whole. An interrupted put is taken up by running it again.
 */
export async function put(call: Call<PutFlags>, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const local = call.args.slice(0, -1)
  const destination = parseRemotePathInSpace(call.args.at(-1) ?? '')
  const sources = await findSources(local, world.cwd)
  const connection = await connect(call.options, world)
  const own = call.options.trace ? memoryExporter() : null
  let traceId: string | null = null
  const exit = await traceCommand(world, 'put', own, async (span) => {
    traceId = span.context?.traceId ?? null
    const bound = traced(connection, span)
    const place = await openDestination(bound.api, destination, sources)
    const roots = sources.map(({ path, name }) => ({ path, as: place.as ?? name }))
    return transfer(bound, world, say, { place: place.folder, roots, noClobber: call.options['no-clobber'] })
  })
  const isCommitted = exit === EXIT.ok || exit === EXIT.conflict
  if (own !== null && traceId !== null)
    await printTrace({ connection, world, say, traceId, own: own.spans, isCommitted })
  return exit
}

type Transfer = {
  place: Parameters<typeof planTree>[1]
  roots: { path: string; as: string | null }[]
  noClobber: boolean
}

async function transfer(connection: Connection, world: World, say: Say, work: Transfer): Promise<ExitCode> {
  const { patientApi, profile } = connection
  const me = await askWho(connection.api)
  const journal = openUploadJournal({
    folder: stateFolder(world.env, world.platform),
    account: `${profile} ${me.tenantId} ${me.userId}`,
    clock: world.now,
  })
  const display = showProgress(world, say, 'sent')
  const report = createPutReport(world, say, display)
  try {
    const plan = planTree(patientApi, work.place, walk(work.roots), {
      onSkipped: (skipped) => report.skipped(skipped),
      onFolder: (node, created) => report.folder(node, created),
      onLinks: (links) => storeLinks(patientApi, report, { links, noClobber: work.noClobber }),
    })
    const items = work.noClobber ? withoutPresent(plan, report) : plan
    for await (const event of uploadTree(patientApi, items, { files: nodeFileSource, journal }))
      await report.event(event)
  } finally {
    await display.close()
    journal.close()
  }
  return report.finish()
}

/** Those that are there already as they are need no request. */
async function storeLinks(
  api: Api,
  report: PutReport,
  { links, noClobber }: { links: readonly LinkItem[]; noClobber: boolean },
): Promise<void> {
  const wanted: LinkItem[] = []
  for (const link of links) {
    if (link.present?.isSame === true) await report.link(link.path, { is: 'unchanged', nodeId: link.present.nodeId })
    else if (link.present !== undefined && noClobber) report.kept(link)
    else wanted.push(link)
  }
  for (const [at, outcome] of (await uploadLinks(api, wanted)).entries())
    await report.link(wanted[at]?.path ?? '', outcome)
}

async function* withoutPresent(plan: AsyncIterable<UploadItem>, report: PutReport): AsyncIterable<UploadItem> {
  for await (const item of plan) {
    if (item.present === undefined) yield item
    else report.kept(item)
  }
}
