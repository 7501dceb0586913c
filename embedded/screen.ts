import type { StartRequest } from './arguments.ts'

export type ScreenFacts = {
  request: StartRequest
  /** `null` once there is a user: the way in for the first one is shut. */
  setupToken: string | null
  startedInMs: number
}

/** What a person sees once everything runs. */
export function readyScreen({ request, setupToken, startedInMs }: ScreenFacts): string {
  const { publicUrl, dir, databaseUrl, s3 } = request
  const first =
    setupToken === null
      ? ['  Sign in     in the browser, or with: npx bitvault login']
      : [
          '  First time  make your account here (it works until the first account exists):',
          `              ${publicUrl}/setup?token=${setupToken}`,
        ]
  return [
    '',
    `  BitVault is running at ${publicUrl}   (started in ${(startedInMs / 1000).toFixed(1)} s)`,
    '',
    ...first,
    '',
    '  Then try    npx bitvault login',
    '              npx bitvault put README.md home/',
    '              npx bitvault ls home',
    '',
    `  API         ${publicUrl}/v1/openapi.json`,
    `  Data        ${databaseUrl ? 'your database' : dir}${s3 ? `, bucket ${s3.bucket}` : ''}`,
    '',
    '  Ctrl-C stops it. npm start -- --help shows what else there is.',
    '',
  ].join('\n')
}
