import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { untilSeen, writeTeamSpace } from '../support/team-space.ts'
import { WITHIN } from './sync-cli-support.ts'
import type { Side } from './sync-side.ts'
import { LIMIT_MS, Torture, type Round } from './sync-torture-support.ts'

/** Sessions that end, and rights that are withdrawn and given back, while people work. */
let torture: Torture
let round: Round

beforeAll(async () => {
  torture = await Torture.open()
})
afterAll(() => torture?.end())
afterEach(() => round?.end())

async function begin(place?: string): Promise<void> {
  round = await torture.round(place === undefined ? {} : { place })
  round.act(25)
  await round.rest()
}

describe('NW-08', () => {
  test('signed out, and in again', { timeout: LIMIT_MS }, async () => {
    await begin()
    await round.whileTheyAct(async (acts) => {
      await acts(5)
      await round.a.computer.ok('logout')
      await round.a.until('stopped signed-out')
      await acts(20)
      await round.a.computer.signIn()
      await acts(5)
    })
    await round.rest()
  })

  test('the session is revoked elsewhere, and the person signs in again', { timeout: LIMIT_MS }, async () => {
    await begin()
    await round.whileTheyAct(async (acts) => {
      const { link } = (await round.b.status())!
      await round.a.computer.ok('devices', 'revoke', link.device)
      await round.b.until('stopped signed-out')
      await acts(20)
      await round.b.computer.signIn()
    })
    await round.rest()
  })
})

describe('SH-01, SH-03, SH-09: rights in a space', () => {
  let space: string

  async function beginInTeam(): Promise<void> {
    const { tenantId, userId, call } = await torture.owner()
    const name = `team ${randomUUID()}`
    const { id } = await writeTeamSpace(torture.stack, { tenantId, userIds: [userId], name })
    await untilSeen(id, async () => (await call('GET', '/v1/spaces')).body.spaces ?? [])
    space = id
    await begin(`${name}/place`)
  }

  /** Whoever asks for a look need not wait for the next one. */
  const asked = (check: (side: Side) => Promise<boolean>) =>
    Promise.all(
      round.sides.map((side) =>
        expect
          .poll(async () => {
            await side.syncNow()
            return check(side)
          }, WITHIN)
          .toBe(true),
      ),
    )
  const canWrite = (is: boolean) => asked(async (side) => (await side.status())?.canWrite === is)
  const setRole = (role: string) => torture.sql`update space_members set role = ${role} where space_id = ${space}`

  test('to write are withdrawn and given back', { timeout: LIMIT_MS }, async () => {
    await beginInTeam()
    await setRole('reader')
    await canWrite(false)
    round.act(25)
    for (const side of round.sides) await side.until('up-to-date blocked')
    round.act(20)
    await setRole('manager')
    await canWrite(true)
    await round.rest()
  })

  test('are withdrawn wholly and given back', { timeout: LIMIT_MS }, async () => {
    await beginInTeam()
    const { tenantId, userId } = await torture.owner()
    await torture.sql`delete from space_members where space_id = ${space}`
    await asked(async (side) => (await side.says()) === 'stopped root-gone')
    round.act(25)
    await torture.sql`insert into space_members (tenant_id, space_id, user_id, role) values (${tenantId}, ${space}, ${userId}, 'manager')`
    await asked(async (side) => (await side.says()) !== 'stopped root-gone')
    await round.rest()
  })
})
