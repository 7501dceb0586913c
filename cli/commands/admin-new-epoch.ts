import type { Call } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { sayTo } from '../say.ts'
import { formatCount } from '../text/quantity.ts'
import type { World } from '../world.ts'
import { asOperator, loadOperator } from './operator.ts'

type NewEpochModule = { runNewEpoch(env: World['env']): Promise<{ tenants: number }> }

export async function adminNewEpoch(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const { runNewEpoch } = await loadOperator<NewEpochModule>('admin-new-epoch')
  const done = await asOperator('new-epoch-impossible', () => runNewEpoch(world.env))
  await say.json(done)
  await say.lines([
    `A new epoch has begun for ${formatCount(done.tenants, 'tenant')}: every client takes a snapshot next.`,
  ])
  return EXIT.ok
}
