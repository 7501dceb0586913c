import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { StartFailure } from './failure.ts'

const SigningKey = z.looseObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
})

const Secrets = z.object({
  ownerPassword: z.string().min(20),
  appPassword: z.string().min(20),
  systemPassword: z.string().min(20),
  s3AccessKeyId: z.string().min(16),
  s3SecretAccessKey: z.string().min(20),
  /** Private keys (JWK) that sign access tokens; the first one is in use, the others are still accepted. */
  signingKeys: z.array(SigningKey).min(1),
  setupToken: z.string().min(20),
})

export type Secrets = z.infer<typeof Secrets>

/**
 * The secrets of this installation, made on the first start and readable only by their owner.
 * Throws a {@link StartFailure} when the file is there but damaged: a new one would lock out the existing database.
 */
export async function loadSecrets(dir: string): Promise<Secrets> {
  const file = join(dir, 'secrets.json')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text !== null) return parseSecrets(file, text)
  const secrets = makeSecrets()
  await writeDurably(file, `${JSON.stringify(secrets, null, 2)}\n`)
  return secrets
}

export function makeSecrets(): Secrets {
  const password = (): string => randomBytes(24).toString('base64url')
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as { x: string; d: string }
  return {
    ownerPassword: password(),
    appPassword: password(),
    systemPassword: password(),
    s3AccessKeyId: randomBytes(16).toString('hex'),
    s3SecretAccessKey: randomBytes(32).toString('hex'),
    signingKeys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: randomUUID(), x: key.x, d: key.d }],
    setupToken: randomBytes(24).toString('base64url'),
  }
}

function parseSecrets(file: string, text: string): Secrets {
  try {
    return Secrets.parse(JSON.parse(text))
  } catch {
    // The parser's own error would quote the file.
    throw new StartFailure(
      `${file} is damaged.`,
      'Restore it from a backup: it holds the passwords of the database beside it.',
    )
  }
}

/** All or nothing, also when the machine stops in the middle: the database is made with these passwords next. */
async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  const handle = await open(temporary, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  if (process.platform === 'win32') return
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}
