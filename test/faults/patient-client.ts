import { setTimeout as pause } from 'node:timers/promises'
import type { Account, Answer } from '../support/account.ts'

/**
 * A client as it should be: it repeats a request, byte for byte, until it is answered. No answer (the server died under it)
 * and refusals that say "again" are what it is patient with; everything else is an answer.
 */
export type PatientClient = {
  call: Account['call']
  /** What was refused or lost on the way, in order: codes of problems, or `lost`. */
  refusals: string[]
}

const LIMIT_MS = 40_000
const LOST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 400

/** @param urls where to go: the next one after each lost or refused request, in turn */
export function patientClient(call: Account['call'], { limitMs = LIMIT_MS } = {}): PatientClient {
  const refusals: string[] = []
  return {
    refusals,
    async call(...request) {
      const deadline = performance.now() + limitMs
      for (;;) {
        const answer = await answered(call(...request), request, limitMs)
        if (answer !== null && !mayRepeat(answer)) return answer
        refusals.push(answer === null ? 'lost' : answer.body.code)
        if (performance.now() > deadline)
          throw new Error(`${request[0]} ${request[1]} got no answer: ${refusals.slice(-5).join(', ')}`)
        await pause(answer === null ? LOST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, answer.body.retryAfterMs ?? 0))
      }
    },
  }
}

/**
 * Null when it was lost. A server that neither answers nor hangs up is no loss to be patient with: it is a finding, and told by name.
 * @throws when nothing has come within the limit
 */
async function answered(answer: Promise<Answer>, [method, path]: readonly unknown[], limitMs: number) {
  const over = new AbortController()
  const silent = pause(limitMs, null, { signal: over.signal }).then(() => {
    throw new Error(`${method} ${path} was neither answered nor hung up on in ${limitMs} ms`)
  })
  try {
    return await Promise.race([answer.catch(() => null), silent])
  } finally {
    over.abort()
    silent.catch(() => {})
  }
}

/** A problem that says so itself; `internal` never does. */
const mayRepeat = ({ status, body }: Answer): boolean => status === 503 && body?.retryable === true
