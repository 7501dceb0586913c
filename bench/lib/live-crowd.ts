import { randomUUID } from 'node:crypto'
import { loadSecrets } from '../../embedded/secrets.ts'
import type { SessionId, TenantId, UserId } from '../../core/ids.ts'
import { signAccessToken } from '../../workers/identity/access-token.ts'
import { readKeyRing } from '../../workers/identity/keys.ts'
import type { BenchStack } from './bench-stack.ts'

/** A device of somebody: a session of its own, a registered device, a token. */
export type CrowdDevice = { token: string; deviceId: string }
export type Crowd = { devices: CrowdDevice[]; space: { id: string; rootId: string } }

const TOKEN_MS = 600_000

/**
 * A team: `people` members, each with a personal space, all of them and the owner in one team space, and `devices` devices
 * shared out among them. Made where signing in would make them: ten thousand passwords would be hashed for twenty minutes.
 */
export async function gatherCrowd(
  bench: BenchStack,
  { people, devices }: { people: number; devices: number },
): Promise<Crowd> {
  const { sql, owner } = bench
  const tenant = owner.tenantId
  const [space, root] = [randomUUID(), randomUUID()]
  await sql`insert into spaces (tenant_id, id, kind, name, root_id) values (${tenant}, ${space}, 'team', 'the team', ${root})`
  await insertRoot(bench, space, root)
  const users = Array.from({ length: people }, () => randomUUID())
  for (const user of users) await addMember(bench, user)
  for (const user of [owner.userId, ...users])
    await sql`insert into space_members (tenant_id, space_id, user_id, role) values (${tenant}, ${space}, ${user}, 'writer')`
  const rows = Array.from({ length: devices }, (_, at) => ({
    session: randomUUID(),
    device: randomUUID(),
    user: users[at % people]!,
  }))
  await insertDevices(bench, rows)
  return { devices: await Promise.all(await tokensOf(bench, rows)), space: { id: space, rootId: root } }
}

type Row = { session: string; device: string; user: string }

const insertRoot = ({ sql, owner }: BenchStack, space: string, root: string) =>
  sql`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable, created_at, changed_at, changed_seq)
    values (${owner.tenantId}, ${root}, ${space}, null, 'folder', 'root', 'root', 0, 1, false, now(), now(), 0)`

async function addMember(bench: BenchStack, user: string): Promise<void> {
  const { sql, owner } = bench
  const [tenant, space, root] = [owner.tenantId, randomUUID(), randomUUID()]
  await sql`insert into users (id, email, display_name, created_at) values (${user}, ${`${user}@example.com`}, 'somebody', now())`
  await sql`insert into memberships (tenant_id, user_id, role, created_at) values (${tenant}, ${user}, 'member', now())`
  await sql`insert into spaces (tenant_id, id, kind, name, owner_id, root_id) values (${tenant}, ${space}, 'personal', 'home', ${user}, ${root})`
  await insertRoot(bench, space, root)
  await sql`insert into space_members (tenant_id, space_id, user_id, role) values (${tenant}, ${space}, ${user}, 'manager')`
}

async function insertDevices({ sql, owner }: BenchStack, rows: Row[]): Promise<void> {
  const list = JSON.stringify(rows)
  await sql`insert into sessions (id, tenant_id, user_id, device_name, kind, created_at, last_used_at, absolute_expiry)
    select r.session, ${owner.tenantId}, r.user, 'a device', 'device', now(), now(), now() + interval '1 day'
    from jsonb_to_recordset(${list}::text::jsonb) r(session uuid, "user" uuid)`
  await sql`insert into devices (tenant_id, id, user_id, session_id, name, platform, created_at, last_seen_at)
    select ${owner.tenantId}, r.device, r.user, r.session, 'a device', 'linux-x64', now(), now()
    from jsonb_to_recordset(${list}::text::jsonb) r(session uuid, device uuid, "user" uuid)`
  await sql`analyze sessions`
  await sql`analyze devices`
}

async function tokensOf({ stack, dir, owner }: BenchStack, rows: Row[]): Promise<Promise<CrowdDevice>[]> {
  const { signer } = await readKeyRing(JSON.stringify((await loadSecrets(dir)).signingKeys))
  const now = Date.now()
  return rows.map(async ({ session, device, user }) => {
    const subject = {
      tenantId: owner.tenantId as TenantId,
      userId: user as UserId,
      sessionId: session as SessionId,
    }
    const token = await signAccessToken(subject, { issuer: stack.url, signer, now, expiresAt: now + TOKEN_MS })
    return { token, deviceId: device }
  })
}
