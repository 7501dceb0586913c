import { expect, test } from 'vitest'
import { readStartRequest } from './arguments.ts'

const read = (argv: string[], env: Record<string, string> = {}) => readStartRequest(argv, env, '/project/')
const S3 = {
  S3_ENDPOINT: 'https://s3.example.com',
  S3_BUCKET: 'files',
  S3_REGION: 'eu',
  S3_ACCESS_KEY_ID: 'id',
  S3_SECRET_ACCESS_KEY: 'key',
}

test('without anything: port 8787, data in .bitvault of the project, everything embedded', () => {
  expect(read([])).toMatchObject({
    help: false,
    port: 8787,
    dir: '/project/.bitvault',
    publicUrl: 'http://localhost:8787',
    databaseUrl: undefined,
    s3: undefined,
  })
})

test('a flag wins over the environment, and the address follows the port', () => {
  expect(read(['--port', '9000'], { PORT: '9001' })).toMatchObject({ port: 9000, publicUrl: 'http://localhost:9000' })
  expect(read([], { PORT: '9001' }).port).toBe(9001)
  expect(read(['--dir', '/a'], { BITVAULT_DIR: '/b' }).dir).toBe('/a')
})

test.each(['0', '65536', '80.5', 'http', '-1', ' 80'])('the port %j is refused', (port) => {
  expect(() => read([], { PORT: port })).toThrow(`"${port}" is no port.`)
})

test('DATABASE_URL and S3_* in the environment replace the embedded parts', () => {
  const request = read([], { DATABASE_URL: 'postgres://me:pw@db.example.com/files', ...S3 })
  expect(request.databaseUrl).toBe('postgres://me:pw@db.example.com/files')
  expect(request.s3).toEqual({
    endpoint: 'https://s3.example.com',
    bucket: 'files',
    region: 'eu',
    accessKeyId: 'id',
    secretAccessKey: 'key',
  })
})

test('half an S3 configuration is refused by naming the other half', () => {
  const { S3_BUCKET: _bucket, S3_REGION: _region, ...half } = S3
  expect(() => read([], half)).toThrow('Your own object store needs S3_BUCKET, S3_REGION as well.')
})

test('T23 an address that is none is refused without quoting it: it may hold a password', () => {
  let message = ''
  try {
    read([], { DATABASE_URL: 'mysql://me:hunter2@db/x' })
  } catch (error) {
    message = String(error)
  }
  expect(message).toContain('DATABASE_URL is no address')
  expect(message).not.toContain('hunter2')
})

test('an empty variable is one that is not set', () => {
  expect(read([], { PORT: '', DATABASE_URL: '', S3_ENDPOINT: '' })).toMatchObject({ port: 8787, s3: undefined })
})

test('an unknown flag is named', () => {
  expect(() => read(['--prot', '1'])).toThrow(/--prot/)
})
