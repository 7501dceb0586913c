import { SyncDaemon } from '../../../client/node/sync/host/daemon.ts'
import { createHeapRelease, keepHeapSmall } from '../../../client/node/small-heap.ts'
import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { sayTo } from '../../say.ts'
import { sharedParts } from '../../sync/link-parts.ts'
import { formatMoment } from '../../text/quantity.ts'
import type { World } from '../../world.ts'

/** Works on all links until it is told to stop: what the service at login runs. */
export async function syncDaemon(call: Call, world: World): Promise<ExitCode> {
  keepHeapSmall()
  const say = sayTo(world, call.options)
  const log = (line: string): void => void say.note(`${formatMoment(world.now())}  ${line}`)
  const daemon = new SyncDaemon({ ...sharedParts(world, 'background'), log, onRest: createHeapRelease() })
  world.signal.addEventListener('abort', () => daemon.stop(), { once: true })
  await daemon.run()
  // A service that was told to stop has not failed.
  return EXIT.ok
}
