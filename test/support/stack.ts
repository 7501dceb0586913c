import { rm } from 'node:fs/promises'
import { inject, onTestFinished } from 'vitest'
import { dropDatabase } from '../../embedded/database.ts'
import { type Stack, type StackOptions, startStack } from '../../embedded/stack.ts'
import { temporaryFolder } from './temporary-folder.ts'

/**
 * A stack of its own for a test or a file: workerd, bucket and collector in a temporary folder, and a fresh database on
 * the run's shared server (which `npm test` starts once; see global-setup.ts). `postgres: null` gives it a server of its
 * own instead, which the test may stop and start.
 *
 * Inside a test it is stopped when the test ends; elsewhere (`beforeAll`) the caller stops it.
 */
export async function testStack(options: TestStackOptions = {}): Promise<Stack> {
  const dir = await temporaryFolder()
  const { postgres, ...rest } = options
  const shared = inject('postgres')
  const stack = await startStack({
    dir,
    quiet: true,
    ...rest,
    ...(postgres === null ? {} : { postgres: postgres ?? shared }),
  }).catch(async (error: unknown) => {
    await rm(dir, { recursive: true, force: true })
    throw error
  })
  const stop = async (): Promise<void> => {
    await stack.stop()
    await rm(dir, { recursive: true, force: true })
    if (postgres === undefined) await dropDatabase(shared.ownerUrl, new URL(stack.ownerUrl).pathname.slice(1))
  }
  stopWithTest(stop)
  return { ...stack, stop }
}

export type TestStackOptions = Partial<Omit<StackOptions, 'postgres'>> & { postgres?: StackOptions['postgres'] | null }

function stopWithTest(stop: () => Promise<void>): void {
  try {
    onTestFinished(stop)
  } catch {
    // not inside a test: the caller's
  }
}
