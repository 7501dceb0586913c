import { once } from 'node:events'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AppError } from '../../../../core/errors.ts'
import { ControlGone, openControl } from './call-control.ts'
import { freshNote, readControlNote, writeControlNote } from './control-note.ts'
import { serveControl, type ControlRoutes, type ControlServer } from './serve-control.ts'

let dir: string
let path: string
let server: ControlServer | null
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bv-control-'))
  path = join(dir, 'control.json')
  server = null
})
afterEach(async () => {
  await server?.close()
  await rm(dir, { recursive: true, force: true })
})

const ROUTES: ControlRoutes = {
  'GET /alive': { answer: () => ({}) },
  'GET /number': { answer: async () => ({ number: 7 }) },
  'GET /refused': {
    answer: () => {
      throw new AppError('precondition-failed', { detail: 'not now', state: 'offline' })
    },
  },
  'GET /broken': {
    answer: () => {
      throw new Error('a mistake')
    },
  },
  'POST /answer': {
    body: z.strictObject({ answer: z.enum(['keep', 'delete']) }),
    answer: ({ answer }: { answer: string }) => ({ answer }),
  },
}
const serve = async (routes: ControlRoutes = {}): Promise<void> =>
  void (server = await serveControl(path, { ...ROUTES, ...routes }))
const open = async () => (await openControl(path))!
const number = z.object({ number: z.number() })

/** Says this on the socket, as it is. @returns all that comes back */
async function raw(text: string): Promise<string> {
  const socket = connect(readControlNote(path)!.address)
  let said = ''
  socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
  socket.on('error', () => {})
  socket.end(text)
  await once(socket, 'close')
  return said
}
const head = (method: string, target: string, more = ''): string =>
  `${method} ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${readControlNote(path)!.token}\r\n${more}\r\n`

describe('SY-15 a question over the socket', () => {
  test('is answered; what is refused comes back as it was', async () => {
    await serve()
    const { call } = await open()
    expect(await call('GET', '/number', { reply: number })).toEqual({ number: 7 })
    expect(await call('POST', '/answer', { reply: z.unknown(), body: { answer: 'keep' } })).toEqual({ answer: 'keep' })
    await expect(call('GET', '/refused', { reply: number })).rejects.toMatchObject({
      code: 'precondition-failed',
      facts: { detail: 'not now', state: 'offline' },
    })
    await expect(call('GET', '/broken', { reply: number })).rejects.toMatchObject({ code: 'internal' })
  })

  test('needs the token of the note, and a path of this version', async () => {
    await serve()
    const note = readControlNote(path)!
    await writeControlNote(path, { ...note, token: 'x'.repeat(note.token.length) })
    await expect(openControl(path)).rejects.toMatchObject({ code: 'unauthenticated' })
    await writeControlNote(path, { ...note, token: 'another length' + note.token })
    await expect(openControl(path)).rejects.toMatchObject({ code: 'unauthenticated' })
    await writeControlNote(path, note)
    for (const target of ['/2/number', '/number', '/1/never', '/1/__proto__', '*'])
      expect(await raw(head('GET', target))).toMatch(/^HTTP\/1\.1 400 [\s\S]*"not-found"/)
  })

  test('note and socket are for their owner alone; both go with the process', async () => {
    await serve()
    const { address } = readControlNote(path)!
    expect(statSync(path).mode & 0o777).toBe(0o600)
    if (process.platform !== 'win32') {
      expect(statSync(address).mode & 0o777).toBe(0o600)
      expect(statSync(join(address, '..')).mode & 0o777).toBe(0o700)
      expect(Buffer.byteLength(address)).toBeLessThanOrEqual(107)
    }
    await server!.close()
    expect([existsSync(path), existsSync(address)]).toEqual([false, false])
    expect(await openControl(path)).toBe(null)
  })
})

describe('SY-18 whatever is said', () => {
  test.each([
    ['garbage', () => '\u0000\u0001 nothing at all\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a body that is no JSON', () => head('POST', '/1/answer', 'content-length: 4\r\n') + '{"a"', /malformed-json/],
    [
      'another body',
      () => head('POST', '/1/answer', 'content-length: 17\r\n') + '{"answer":"both"}',
      /"field":"answer"/,
    ],
    [
      'a body that is too large',
      () => head('POST', '/1/answer', 'content-length: 20000\r\n') + ' '.repeat(20_000),
      /body-too-large/,
    ],
    ['headers that are too large', () => head('GET', '/1/number', `x: ${'y'.repeat(20_000)}\r\n`), /^HTTP\/1\.1 431/],
  ])('%s is refused, and the next question is answered', async (_, text, expected) => {
    await serve()
    expect(await raw(text())).toMatch(expected)
    expect(await (await open()).call('GET', '/number', { reply: number })).toEqual({ number: 7 })
  })

  test('a question that is never finished holds up nobody', async () => {
    await serve()
    const socket = connect(readControlNote(path)!.address)
    socket.on('error', () => {})
    socket.write('POST /1/answer HTTP/1.1\r\n')
    expect(await (await open()).call('GET', '/number', { reply: number })).toEqual({ number: 7 })
    socket.destroy()
  })
})

describe('a stream of lines', () => {
  const line = z.object({ at: z.number() })

  test('brings what happens, passes over what is not known, and ends with whoever listens', async () => {
    let write: (value: unknown) => void = () => {}
    let ended = 0
    await serve({ 'GET /events': { stream: (to) => ((write = to), () => void ended++) } })
    const ending = new AbortController()
    const seen: number[] = []
    const listening = (async () => {
      for await (const { at } of (await open()).lines('/events', line, ending.signal)) {
        seen.push(at)
        if (at === 3) ending.abort()
      }
    })()
    await expect.poll(() => write.length).toBe(1)
    for (const value of [{ at: 1 }, { kind: 'unknown' }, { at: 2 }, { at: 3 }]) write(value)
    await listening
    expect(seen).toEqual([1, 2, 3])
    await expect.poll(() => ended).toBe(1)
  })

  test('whoever does not read is let go, and costs no more than its bound', async () => {
    let write: (value: unknown) => void = () => {}
    const ending = new AbortController()
    await serve({ 'GET /events': { stream: (to) => ((write = to), () => ending.abort()) } })
    const socket = connect(readControlNote(path)!.address)
    socket.on('error', () => {})
    socket.pause()
    socket.write(head('GET', '/1/events'))
    await expect.poll(() => write.length).toBe(1)
    const text = 'x'.repeat(64 * 1024)
    let count = 0
    for (; !ending.signal.aborted && count < 1_000; count++) {
      write({ text })
      await new Promise(setImmediate)
    }
    expect(ending.signal.aborted).toBe(true)
    expect(count).toBeLessThan(64)
    socket.destroy()
  })

  test('that ends with the process says so', async () => {
    let isHeard = false
    await serve({ 'GET /events': { stream: () => ((isHeard = true), () => {}) } })
    const control = await open()
    const listening = (async () => {
      for await (const _ of control.lines('/events', line, new AbortController().signal)) continue
    })()
    await expect.poll(() => isHeard).toBe(true)
    await server!.close()
    await listening.catch((error: unknown) => expect(error).toBeInstanceOf(ControlGone))
    await expect(control.call('GET', '/number', { reply: number })).rejects.toBeInstanceOf(ControlGone)
  })
})

describe('what a dead process has left', () => {
  test('its socket and note are nobody’s, and go when somebody else begins', async () => {
    const stale = freshNote()
    await writeControlNote(path, stale)
    expect(await openControl(path)).toBe(null)
    const dead = createServer().listen(stale.address)
    await once(dead, 'listening')
    // A killed process leaves the socket's name; a server that is closed takes it along, so it is made again.
    dead.close()
    await once(dead, 'close')
    if (process.platform !== 'win32') writeFileSync(stale.address, '')
    expect(await openControl(path)).toBe(null)
    await serve()
    expect(existsSync(stale.address)).toBe(false)
    expect(readControlNote(path)!.address).not.toBe(stale.address)
  })

  test.each(['', 'no JSON', '{"version":2,"pid":1,"address":"x","token":"yyyyyyyyyyyyyyyyyyyy"}', '{"version":1}'])(
    'a note that is %j is none',
    async (text) => {
      writeFileSync(path, text)
      expect(await openControl(path)).toBe(null)
      await serve()
      expect(await open()).not.toBe(null)
    },
  )
})
