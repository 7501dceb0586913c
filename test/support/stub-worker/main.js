import { connect } from 'cloudflare:sockets'
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'

/** The smallest Worker with the shape of ours, for tests of what runs it: same classes, same bindings, no product. */
class Counter extends DurableObject {
  next() {
    this.ctx.storage.sql.exec('create table if not exists calls (at integer)')
    this.ctx.storage.sql.exec('insert into calls values (0)')
    return this.ctx.storage.sql.exec('select count(*) as n from calls').one().n
  }
}
export class TenantJournal extends Counter {}
export class TenantReader extends Counter {}
export class OutboxPump extends Counter {}

export class Identity extends WorkerEntrypoint {
  whoami() {
    return 'identity'
  }
}

/** First byte of Postgres' answer to a request for TLS: `N`. */
async function askPostgres(url) {
  const { hostname, port } = new URL(url)
  const socket = connect({ hostname, port: Number(port) })
  const writer = socket.writable.getWriter()
  await writer.write(new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]))
  const { value } = await socket.readable.getReader().read()
  await socket.close()
  return String.fromCharCode(value[0])
}

const routes = {
  '/healthz': () => new Response('ok'),
  '/v1/setup': (env) => Response.json({ open: env.LOG_LEVEL !== 'error' }),
  '/env': (env) => {
    const texts = Object.entries(env).filter(([, value]) => value === null || typeof value === 'string')
    return Response.json(Object.fromEntries(texts))
  },
  '/count': async (env) => Response.json(await env.TENANT_JOURNAL.get(env.TENANT_JOURNAL.idFromName('a')).next()),
  '/identity': async (env) => Response.json(await env.IDENTITY.whoami()),
  '/postgres': async (env) => Response.json(await askPostgres(env.DATABASE_URL)),
  '/s3': async (env) => Response.json((await fetch(`${env.S3_ENDPOINT}/${env.S3_BUCKET}`)).status),
  '/faults': async (env) => new Response((await env.FAULTS?.fetch('http://faults/1'))?.body ?? 'none'),
  '/log': () => {
    console.log(JSON.stringify({ level: 'info', message: 'mild' }))
    console.log(JSON.stringify({ level: 'error', message: 'bad' }))
    return new Response('logged')
  },
}

export default {
  fetch(request, env) {
    const route = routes[new URL(request.url).pathname]
    return route ? route(env) : new Response('not found', { status: 404 })
  },
}
