import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumPath } from '../../test/support/chromium.ts'
import { identityWorld, OWNER, SETUP_TOKEN, type IdentityWorld } from '../../test/support/identity-world.ts'
import { identityApp } from './app.ts'

/*
 * The pages in a real browser, since only a browser knows which Origin it sends with a form, whether the style passes the
 * content security policy, and which field a label names. SCREENSHOTS=<folder> keeps pictures of every page.
 */
const executablePath = chromiumPath()

let server: Server
let world: IdentityWorld
let browser: Browser
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  if (executablePath === null) return
  server = createServer((request, response) => {
    void answer(request).then(async (reply) => {
      response.writeHead(reply.status, {
        ...Object.fromEntries(reply.headers),
        'set-cookie': reply.headers.getSetCookie(),
      })
      response.end(Buffer.from(await reply.arrayBuffer()))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  world = await identityWorld({ publicUrl })
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  page = await browser.newPage({ viewport: { width: 900, height: 860 } })
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
})

afterAll(async () => {
  await browser?.close()
  server?.close()
  await world?.drop()
})

async function answer(request: import('node:http').IncomingMessage): Promise<Response> {
  const body: Buffer[] = []
  for await (const part of request) body.push(part as Buffer)
  const headers = new Headers(request.headers as Record<string, string>)
  const init = { method: request.method!, headers, ...(body.length > 0 ? { body: Buffer.concat(body) } : {}) }
  return identityApp.fetch(new Request(world.scope.publicUrl + request.url, init), world.scope)
}

const open = (path: string) => page.goto(world.scope.publicUrl + path)
const heading = () => page.locator('h1').innerText()

async function picture(name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder === undefined) return
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

test.skipIf(executablePath === null)('from the first run to a connected device, as a person does it', async () => {
  await open(`/setup?token=${SETUP_TOKEN}`)
  expect(await page.locator('main').evaluate((main) => getComputedStyle(main).borderTopLeftRadius)).toBe('14px')
  await picture('setup')
  await page.getByLabel('Organisation').fill('Lovelace & Daughters')
  await page.getByLabel('Your name').fill(OWNER.name)
  await page.getByLabel('E-mail address').fill('ada@localhost')
  await page.getByLabel('Password').fill('aaaaaaaaaaaa')
  await page.getByRole('button').click()
  expect(await page.getByLabel('Password').getAttribute('aria-invalid')).toBe('true')
  expect(await page.getByLabel('Organisation').inputValue()).toBe('Lovelace & Daughters')
  await picture('setup-refused')
  await page.getByLabel('Password').fill(OWNER.password)
  await page.getByRole('button').click()
  expect(await heading()).toBe('Hello, Ada')
  await picture('account')
  await page.getByRole('button', { name: 'Sign out' }).click()
  expect(await heading()).toBe('Sign in')

  const device = (
    await world.api('POST', '/v1/auth/device', { device_name: 'ada-laptop' }, undefined, {
      'x-real-ip': '198.51.100.7',
    })
  ).json
  await open('/device')
  await page.getByLabel('E-mail address').fill('ada@localhost')
  await page.getByLabel('Password').fill('not this one')
  await page.getByRole('button').click()
  expect(await page.getByRole('alert').innerText()).toContain('is not right')
  await picture('login-refused')
  await page.getByLabel('Password').fill(OWNER.password)
  await page.getByRole('button').click()
  expect(await heading()).toBe('Connect a device')
  await page.getByLabel('Code').fill('BBBB-BBBB')
  await page.getByRole('button').click()
  await picture('code-refused')
  await page.getByLabel('Code').fill(device.user_code)
  await page.setExtraHTTPHeaders({ 'x-real-ip': '203.0.113.4' })
  await page.getByRole('button').click()
  expect(await heading()).toBe('Let this device in?')
  await picture('consent')
  await page.getByRole('button', { name: 'Yes, let it in' }).click()
  expect(await heading()).toBe('Device connected')
  await picture('connected')
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code }
  expect((await world.token(grant)).json.token_type).toBe('Bearer')
  await open('/setup')
  await picture('setup-closed')
  // The refusals above are logged by the browser as failed loads; nothing else may be.
  expect(complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([])
})
