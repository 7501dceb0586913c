import type { Api } from '../../../client/api.ts'
import { AppError } from '../../../core/errors.ts'
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '../../../protocol/version.ts'
import { askWho, describeAccount } from '../../ask-who.ts'
import { connect } from '../../connection.ts'
import type { GlobalOptions } from '../../command.ts'
import { toFailure } from '../../failure.ts'
import type { World } from '../../world.ts'
import { bad, good, note, type Finding } from './finding.ts'

const TIMEOUT_MS = 10_000
/** Beyond this the store refuses signed requests; tokens bear less (NW-13). */
const CLOCK_BAD_MS = 60_000
const CLOCK_NOTE_MS = 5_000

/** What can be told of a server: that it answers, how far the clocks are apart, whether somebody is signed in. */
export async function serverFindings(
  server: string,
  options: GlobalOptions,
  world: World,
): Promise<{ findings: Finding[]; api: Api | null }> {
  const reached = await reach(server, world)
  if (!reached.isThere) return { findings: reached.findings, api: null }
  try {
    const { api } = await connect({ ...options, server }, world)
    const me = await askWho(api)
    return { findings: [...reached.findings, good('sign-in', describeAccount(me))], api }
  } catch (error) {
    const { sentence, next } = toFailure(error)
    return { findings: [...reached.findings, bad('sign-in', sentence, next ?? undefined)], api: null }
  }
}

async function reach(server: string, world: World): Promise<{ isThere: boolean; findings: Finding[] }> {
  const askedAt = world.now()
  try {
    const signal = AbortSignal.any([world.signal, AbortSignal.timeout(TIMEOUT_MS)])
    const response = await world.fetch(`${server}/healthz`, { signal })
    await response.arrayBuffer()
    const answeredAt = world.now()
    const protocol = response.headers.get(PROTOCOL_HEADER)
    const findings = [protocolFinding(protocol)]
    const date = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(date)) findings.push(clockFinding(date, { askedAt, answeredAt }))
    return { isThere: protocol !== null, findings }
  } catch {
    world.signal.throwIfAborted()
    return { isThere: false, findings: [bad('server', 'it does not answer', 'Is it running, and is there a network?')] }
  }
}

function protocolFinding(protocol: string | null): Finding {
  if (protocol === null) return bad('server', 'something answers, but it is no BitVault server')
  if (Number(protocol) === PROTOCOL_VERSION) return good('server', `answers, protocol ${protocol}`)
  const next = Number(protocol) > PROTOCOL_VERSION ? 'Update this program.' : 'The server is older than this program.'
  return note('server', `answers, protocol ${protocol}; this program speaks ${PROTOCOL_VERSION}`, next)
}

/** The header has whole seconds, and was made while we waited. */
export function clockFinding(
  dateMs: number,
  { askedAt, answeredAt }: { askedAt: number; answeredAt: number },
): Finding {
  const apartMs = askedAt > dateMs + 1_000 ? askedAt - dateMs - 1_000 : dateMs > answeredAt ? dateMs - answeredAt : 0
  const text =
    apartMs === 0
      ? 'agrees with the server'
      : `${Math.round(apartMs / 1_000)} s ${askedAt > dateMs ? 'ahead of' : 'behind'} the server`
  if (apartMs > CLOCK_BAD_MS)
    return bad('clock', text, 'Set the clock of this computer: signed requests are refused otherwise.')
  return apartMs > CLOCK_NOTE_MS ? note('clock', text) : good('clock', text)
}

type Problem = { problem: string; code: string }

/** Of a thing on the server that a link needs. @returns the text of the problem, or `null` when it is not there */
export async function ask<T>(work: () => Promise<T>): Promise<{ value: T } | Problem | null> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return null
    const { sentence, code } = toFailure(error)
    return { problem: sentence, code }
  }
}
