import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { World } from '../world.ts'

export const whoami = (call: Call, world: World): Promise<ExitCode> =>
  withConnection('whoami', call, world, async ({ api, server, isMachine }, say) => {
    const me = await api.whoami()
    await say.json({ server, ...me })
    const who = say.name(me.email ?? me.userId)
    await say.lines([`${who} at ${server}${isMachine ? ' (by the API token in BITVAULT_TOKEN)' : ''}`])
    return EXIT.ok
  })
