import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import { seededDice } from '../faults/dice.ts'
import { inspect, type Inspector, NO_GRACE } from '../faults/inspector.ts'
import { patientClient } from '../faults/patient-client.ts'
import { type Account, firstAccount, send, signIn } from '../support/account.ts'
import { testStack } from '../support/stack.ts'
import { emptyMemory } from './random-entry.ts'
import { deviceOf, type Device } from './replayed-server.ts'
import { behave, expectOneOrder } from './tree-history.ts'

const DEVICES = 6
const CALLS_EACH = 45

let stack: Stack
let inspector: Inspector
let second: { url: string }

beforeAll(async () => {
  stack = await testStack({ env: NO_GRACE, quiet: true })
  second = await stack.addWorker()
  inspector = inspect(stack)
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
})

async function newDevices(): Promise<Device[]> {
  const owner = await firstAccount(stack)
  const devices: Device[] = []
  for (let i = 0; i < DEVICES; i++) {
    const name = `device ${i}`
    devices.push(deviceOf(await signIn(stack.url, owner.email, owner.password, name), name))
  }
  return devices
}

/** The device's requests to another process of the same installation. */
const through = (url: string, { account }: Device): Account['call'] =>
  patientClient((method, path, body, headers) =>
    send(url, method, path, body, { authorization: `Bearer ${account.token}`, ...headers }),
  ).call

test('proof (c) concurrent clients of two processes see one order: every answer and every listing fits it; proof (b) the model makes the same journal', async () => {
  const devices = await newDevices()
  const memory = emptyMemory(devices[0]!.account.home.rootId)
  const histories = await Promise.all(
    devices.map((device, i) =>
      behave({
        device,
        call: through(i % 2 === 0 ? stack.url : second.url, device),
        dice: seededDice(i + 1),
        memory,
        batch: 6,
        goesOn: (calls) => calls < CALLS_EACH,
      }),
    ),
  )
  await expectOneOrder(inspector.owner, devices, histories.flat())
  expect(await inspector.audit()).toMatchObject({ clean: true })
})
