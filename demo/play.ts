import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LinkEvent } from '../client/node/sync/host/link-event.ts'
import { startLocalR2 } from '../embedded/local-r2.ts'
import { startStack } from '../embedded/stack.ts'
import type { S3Access } from '../embedded/stack-parts.ts'
import { makeAccount } from './approve.ts'
import { Device } from './device.ts'
import type { DemoEvent, Tell } from './events.ts'
import { openRelay, type Relay } from './relay.ts'
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
  let end: Omit<End, 'tookMs'>
  try {
    const stage = await setTheStage(tell, signal, closers)
    for (const [at, { name, title, play }] of SCENES.entries()) {
      tell({ event: 'scene', scene: name, number: at + 1, of: SCENES.length, title })
      tell({ event: 'shown', scene: name, ...(await play(stage)) })
    }
    end = await endOf(stage)
  } finally {
    const stoppingAt = performance.now()
    for (const close of closers.reverse()) await close()
    tell({ event: 'stopped', tookMs: performance.now() - stoppingAt })
  }
  tell({ ...end, tookMs: performance.now() - startedAt })
}

async function setTheStage(tell: Tell, stopping: AbortSignal, closers: Closers): Promise<Stage> {
  const broken = new AbortController()
  const signal = AbortSignal.any([stopping, broken.signal])
  const startedAt = performance.now()
  const dir = await mkdtemp(join(tmpdir(), 'bitvault-demo-'))
  closers.push(() => rm(dir, { recursive: true, force: true }))
  // An unprivileged PostgreSQL has to pass through.
  await chmod(dir, 0o711)
  const [messages, files] = [await openRelay(), await openRelay()]
  closers.push(messages.close, files.close)
  const s3 = await startBucket(join(dir, 'bucket'), files, closers)
  const stack = await startStack({ dir: join(dir, 'server'), publicUrl: messages.url, s3, quiet: true, signal })
  closers.push(stack.stop)
  messages.leadTo(stack.url)
  await makeAccount(messages.url, stack.setupToken)
  tell({ event: 'started', server: messages.url, tookMs: performance.now() - startedAt })
  const device = async (name: string): Promise<Device> => {
    const onEvent = (event: LinkEvent): void => pass(tell, name, event)
    const onLost = (why: Error): void => broken.abort(why)
    const device = new Device({ name, dir, server: messages.url, signal, onEvent, onLost })
    closers.push(() => device.end())
    const pid = await device.begin(there())
    tell({ event: 'device', device: name, folder: device.folder, pid })
    return device
  }
  const [laptop, desktop] = [await device('laptop'), await device('desktop')]
  return { laptop, desktop, traffic: { files: files.traffic, messages: messages.traffic }, signal, tell }
}

/** Devices reach it by the relay, which is why it is not that of the stack. */
async function startBucket(dir: string, relay: Relay, closers: Closers): Promise<S3Access> {
  const access = { bucket: 'demo', accessKeyId: 'demo', secretAccessKey: randomBytes(16).toString('hex') }
  const { endpoint, stop } = await startLocalR2({ dir, ...access })
  closers.push(stop)
  relay.leadTo(endpoint)
  return { ...access, endpoint, publicEndpoint: relay.url + new URL(endpoint).pathname, region: 'auto' }
}

function pass(tell: Tell, device: string, event: LinkEvent): void {
  if (event.kind === 'step' && event.at === 'end') tell({ event: 'step', device, step: event.step, path: event.path })
  if (event.kind === 'state') tell({ event: 'state', device, state: event.state, reason: event.reason ?? null })
}

async function endOf(stage: Stage): Promise<Omit<End, 'tookMs'>> {
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
  }
}
