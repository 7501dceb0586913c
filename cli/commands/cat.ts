import { openContent } from '../../client/transfer/download.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { lookUp } from '../remote.ts'
import { parseRemotePathInSpace } from '../remote-path.ts'
import type { World } from '../world.ts'

/** Every chunk is verified before its bytes are written; a pipe that is not read holds the download back. */
export async function cat(call: Call<{ revision: number | undefined }>, world: World): Promise<ExitCode> {
  const paths = call.args.map(parseRemotePathInSpace)
  return withConnection('cat', call, world, async ({ api, patientApi }) => {
    const { revision } = call.options
    for (const path of paths) {
      const node = await lookUp(api, path)
      const options = { signal: world.signal, ...(revision === undefined ? {} : { revision }) }
      for await (const bytes of openContent(patientApi, node.id, options)) await world.stdout.write(bytes)
    }
    return EXIT.ok
  })
}
