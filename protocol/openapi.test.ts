import { expect, test } from 'vitest'
import { openApiDocument } from './openapi.ts'
import { ROUTES } from './routes.ts'

const document = openApiDocument('https://files.example.com') as {
  paths: Record<
    string,
    Record<string, { operationId: string; security: unknown[]; parameters?: { name: string; in: string }[] }>
  >
}
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))

test('every route stands in the document, once, with its policy', () => {
  expect(operations.map((operation) => operation.operationId).toSorted()).toEqual(Object.keys(ROUTES).toSorted())
  for (const operation of operations) {
    const route = ROUTES[operation.operationId as keyof typeof ROUTES]
    expect(operation.security).toEqual(route.policy === 'member' ? [{ bearer: [] }] : [])
  }
})

test('every path parameter is declared', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    for (const { parameters = [] } of Object.values(methods)) {
      expect(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)).toEqual(
        named,
      )
    }
  }
})

test('the document is plain JSON', () => {
  expect(JSON.parse(JSON.stringify(document))).toEqual(document)
})
