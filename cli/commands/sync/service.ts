import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { usageError } from '../../failure.ts'
import { sayTo, type Say } from '../../say.ts'
import { isInstalled, removeService, runAll, serviceOf, writeService, type Service } from '../../service/service.ts'
import { daemonOf } from '../../sync/running.ts'
import { ensureDaemon } from '../../sync/start-daemon.ts'
import { quoteForShell } from '../../text/quote.ts'
import type { World } from '../../world.ts'
import { stopDaemon } from './stop.ts'

export const SERVICE_WORDS = ['install', 'remove', 'status'] as const

/** Has the system start the background process when the person logs in. */
export async function syncService(call: Call<{ print: boolean }>, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const service = serviceOf(world)
  const [word] = call.args
  if (call.options.print) {
    await say.json({ path: service.path, text: service.text })
    await say.lines([service.text.trimEnd()])
    return EXIT.ok
  }
  switch (word) {
    case 'install':
      return install(service, world, say)
    case 'remove':
      return remove(service, world, say)
    case 'status':
      return status(service, world, say)
    default:
      throw usageError(`service takes ${SERVICE_WORDS.join(', ')}, not “${word}”`)
  }
}

async function install(service: Service, world: World, say: Say): Promise<ExitCode> {
  const wasRunning = (await daemonOf(world)) !== null
  // One that was started by hand would stand in its way.
  await stopDaemon(world)
  await writeService(service)
  const left = await runAll(world, service.enable)
  await say.json({ path: service.path, enabled: left.length === 0, left })
  await say.done(`Wrote ${say.name(service.path)}, a ${service.kind}.`)
  if (left.length === 0) await say.done('The background process runs, and begins at each login.')
  else await sayLeft(left, say)
  if (left.length === 0 || !wasRunning) return EXIT.ok
  await ensureDaemon(world)
  await say.done('Until then the background process goes on without it.')
  return EXIT.ok
}

async function remove(service: Service, world: World, say: Say): Promise<ExitCode> {
  const wasThere = isInstalled(service)
  const left = wasThere ? await runAll(world, service.disable) : []
  await removeService(service)
  await say.json({ path: service.path, wasInstalled: wasThere, left })
  await say.done(wasThere ? `Removed ${say.name(service.path)}.` : 'There is no service of ours.')
  if (left.length > 0) await sayLeft(left, say)
  return EXIT.ok
}

async function status(service: Service, world: World, say: Say): Promise<ExitCode> {
  const isThere = isInstalled(service)
  const isActive = isThere && (await runAll(world, [service.query])).length === 0
  const daemon = await daemonOf(world)
  const pid = daemon === null ? null : (await daemon.status()).process.pid
  await say.json({ path: service.path, installed: isThere, active: isActive, pid })
  await say.lines([
    isThere ? `installed    ${say.name(service.path)}` : 'not installed: bitvault sync service install',
    ...(isThere ? [`${isActive ? 'active     ' : 'not active '}  as ${service.kind}`] : []),
    pid === null ? 'not running  bitvault sync --background <folder> starts it' : `running      process ${pid}`,
  ])
  return EXIT.ok
}

/** The tool of the system is not there, or said no: then a person does it. */
async function sayLeft(left: readonly (readonly string[])[], say: Say): Promise<void> {
  await say.done('This has to be done by hand, since it could not be done from here:')
  for (const run of left)
    await say.done(`  ${run.map((word) => (/^--[a-z]+$/.test(word) ? word : quoteForShell(word))).join(' ')}`)
}
