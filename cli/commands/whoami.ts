import { askWho, describeAccount } from '../ask-who.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { World } from '../world.ts'

export const whoami = (call: Call, world: World): Promise<ExitCode> =>
  withConnection('whoami', call, world, async ({ api, server, isMachine }, say) => {
    const me = await askWho(api)
    await say.json({ server, ...me })
    const how = isMachine ? ' (by the API token in BITVAULT_TOKEN)' : ''
    await say.lines([`${say.name(describeAccount(me))}, ${me.role} of ${say.name(me.tenantName)}, at ${server}${how}`])
    return EXIT.ok
  })
