import { z } from 'zod'
import { ERROR_CODES } from '../core/errors.ts'
import { STATUS } from './problem.ts'
import { ROUTES, type Route } from './routes.ts'
import { PROTOCOL_VERSION } from './version.ts'

type Json = Record<string, unknown>

/** The OpenAPI 3.1 document of `ROUTES`. Schemas are those that parse the requests. */
export function openApiDocument(serverUrl: string): Json {
  const paths: Record<string, Json> = {}
  for (const [operationId, route] of Object.entries(ROUTES) as [string, Route][]) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(operationId, route, path) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'BitVault',
      version: String(PROTOCOL_VERSION),
      description: 'File storage, synchronisation and sharing.',
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: problemSchema },
    },
  }
}

function operation(operationId: string, route: Route, path: string): Json {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
  const parameters = names.map((name): Json => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  if (route.query) parameters.push(...queryParameters(route.query))
  return {
    operationId,
    summary: route.summary,
    ...(route.policy === 'member' ? { security: [{ bearer: [] }] } : { security: [] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: json(schemaOf(route.body, 'input')) } } : {}),
    responses: {
      [route.status ?? 200]: route.reply
        ? { description: 'done', content: json(schemaOf(route.reply, 'output')) }
        : { description: 'done' },
      default: {
        description: 'a problem (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function queryParameters(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  return rest
}

const json = (schema: Json): Json => ({ 'application/json': { schema } })

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer', enum: [...new Set(Object.values(STATUS))] },
    code: { type: 'string', enum: [...ERROR_CODES] },
    retryable: { type: 'boolean' },
    detail: { type: 'string' },
    field: { type: 'string', description: 'the field at fault, as a path: files/3/target/name' },
    retryAfterMs: { type: 'number' },
  },
}
