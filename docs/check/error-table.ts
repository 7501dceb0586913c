import { exitCodeOf } from '../../cli/exit-codes.ts'
import { AppError, ERROR_CODES, type ErrorCode } from '../../core/errors.ts'
import { toProblem } from '../../protocol/problem.ts'

/** What a client does next. A code without an entry does not compile. */
const NEXT_STEP = {
  unauthenticated: 'sign in; send `Authorization: Bearer …`',
  'token-expired': 'refresh the access token, repeat the request',
  'session-revoked': 'sign in again; nothing of the old session works',
  forbidden: 'ask for the right; `signInAgain: true` says that a fresh sign-in is enough',
  'not-found': 'check the id or path; a thing that is not yours answers the same',
  'method-not-allowed': 'use a method of the `Allow` header',
  'unsupported-media-type': 'send `Content-Type: application/json`',
  'malformed-json': 'mend the body: JSON in valid UTF-8',
  'body-too-large': 'send less: split the batch (`maxBytes`)',
  'invalid-request': 'mend the field named in `field`',
  'name-invalid': 'choose another name ([names](names.md)); `fault` says which rule it broke',
  'name-taken': 'choose another name, or use the node named in `node`',
  'not-a-folder': 'name a folder',
  'not-a-file': 'name a file',
  'in-trash': 'restore it (`trashed` is what was deleted), or make it anew',
  'would-cycle': 'choose a folder that does not lie in it',
  'other-space': 'copy it there, then delete it here',
  'too-large': 'go folder by folder',
  'precondition-failed': 'read again, then decide',
  'version-conflict': 'read again, resolve some conflicted copies first',
  'mutation-reused': 'make a new mutation id for a new change',
  'upload-expired': 'begin a new upload',
  'upload-incomplete': 'PUT what is missing, commit again',
  'content-mismatch': 'count and hash again; from a read: the stored bytes are damaged and are not served',
  'chunk-unavailable': 'upload the chunk (`sha256`), commit again',
  'range-not-satisfiable': 'ask for a range inside the size',
  'cursor-invalid': 'begin again without a cursor',
  'resync-required':
    'take the snapshot (`snapshot`), then go on from its cursor; `reason` says what became of the old one',
  'setup-closed': 'sign in; the first account exists already',
  'too-many-requests': 'wait `retryAfterMs`, repeat',
  busy: 'wait `retryAfterMs`, repeat the same request',
  'store-unavailable': 'wait `retryAfterMs`, repeat the same request',
  'database-unavailable': 'wait `retryAfterMs`, repeat the same request with the same mutation id',
  internal: 'do not repeat; the operator finds the cause in the log',
} as const satisfies Record<ErrorCode, string>

/** The table of docs/spec/errors.md. */
export function errorTable(): string {
  const rows = ERROR_CODES.map((code) => {
    const { status, title, retryable } = toProblem(new AppError(code))
    return `| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : ''} | ${NEXT_STEP[code]} | ${exitCodeOf(code)} |`
  })
  return ['| code | HTTP | meaning | retryable | next step | CLI exit |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  )
}
