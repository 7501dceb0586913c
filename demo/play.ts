import { mkdtemp, rm, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LinkEvent } from '../client/node/sync/host/link-event.ts'
import { startStack } from '../embedded/stack.ts'
import { makeAccount } from './approve.ts'
import { Device } from './device.ts'
import type { DemoEvent, Tell } from './events.ts'
import { openRelay } from './relay.ts'
import { SCENES } from './scenes.ts'
import { there, untilBothEqual, type Stage } from './stage.ts'

type Closers = (() => Promise<void>)[]
type End = Extract<DemoEvent, { event: 'end'; ok: true }>

/**
 * Two devices and a server of their own, in a temporary folder, and what happens between them:
 *
 *     laptop ──┐  ┌─ relay, counts ─► Worker      messages
 *              ├──┤
 *     desktop ─┘  └─ relay, counts ─► bucket      bytes of files
 *
 * Whatever happens, nothing of it is left behind.
 * @throws DidNotHappen in words for a person; the signal's reason
 */
export async function play(tell: Tell, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  const closers: Closers = []
  let end: End | null = null
  try {
    const stage = await setTheStage(tell, signal, closers)
    for (const [at, { name, title, play }] of SCENES.entries()) {
      tell({ event: 'scene', scene: name, number: at + 1, of: SCENES.length, title })
      tell({ event: 'shown', scene: name, ...(await play(stage)) })
    }
    end = await endOf(stage, startedAt)
  } finally {
    const stoppingAt = performance.now()
    for (const close of closers.reverse()) await close()
    tell({ event: 'stopped', tookMs: performance.now() - stoppingAt })
  }
  tell(end)
}

async function setTheStage(tell: Tell, signal: AbortSignal, closers: Closers): Promise<Stage> {
  const startedAt = performance.now()
  const dir = await mkdtemp(join(tmpdir(), 'bitvault-demo-'))
  closers.push(() => rm(dir, { recursive: true, force: true }))
  // An unprivileged PostgreSQL has to pass through.
  await chmod(dir, 0o711)
  const [messages, files] = [await openRelay(), await openRelay()]
  closers.push(messages.close, files.close)
  const stack = await startStack({
    dir: join(dir, 'server'),
    publicUrl: messages.url,
    env: { S3_PUBLIC_ENDPOINT: files.url },
    quiet: true,
    signal,
  })
  closers.push(stack.stop)
  messages.leadTo(stack.url)
  files.leadTo(stack.s3.endpoint)
  await makeAccount(messages.url, stack.setupToken)
  tell({ event: 'started', server: messages.url, tookMs: performance.now() - startedAt })
  const device = async (name: string): Promise<Device> => {
    const device = new Device({ name, dir, server: messages.url, signal, onEvent: (event) => pass(tell, name, event) })
    closers.push(() => device.end())
    await device.begin(there())
    tell({ event: 'device', device: name, folder: device.folder })
    return device
  }
  const [laptop, desktop] = [await device('laptop'), await device('desktop')]
  return { laptop, desktop, traffic: { files: files.traffic, messages: messages.traffic }, signal, tell }
}

function pass(tell: Tell, device: string, event: LinkEvent): void {
  if (event.kind === 'step' && event.at === 'end') tell({ event: 'step', device, step: event.step, path: event.path })
  if (event.kind === 'state') tell({ event: 'state', device, state: event.state, reason: event.reason ?? null })
}

async function endOf(stage: Stage, startedAt: number): Promise<End> {
  const tree = await untilBothEqual(stage)
  const [laptop, desktop] = [await stage.laptop.status(), await stage.desktop.status()]
  const { files, messages } = stage.traffic
  return {
    event: 'end',
    ok: true,
    scenes: SCENES.length,
    items: tree.size,
    sent: files.sent + messages.sent,
    received: files.received + messages.received,
    refusals: laptop.refusals + desktop.refusals,
    tookMs: performance.now() - startedAt,
  }
}
