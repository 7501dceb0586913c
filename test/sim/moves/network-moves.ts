import type { ErrorCode } from '../../../core/errors.ts'
import { Dice, mix } from '../dice.ts'
import { forAWhile, type DeviceMove, type ServerMove } from './move-kind.ts'

/** What a proxy, a portal or a server in trouble may say to everything for a while. */
const ANSWERS: readonly ErrorCode[] = [
  'unauthenticated',
  'token-expired',
  'forbidden',
  'not-found',
  'version-conflict',
  'body-too-large',
  'too-many-requests',
  'internal',
  'busy',
  'upload-expired',
  'upload-incomplete',
]

/** A way to the server that works in one direction, or answers what it likes. */
export const NETWORK_MOVES: Record<string, DeviceMove> = {
  'one-way': {
    group: 'network',
    weight: 3,
    propose: forAWhile,
    perform: ({ line, scheduler }, { n }) => {
      line.losesAnswers = true
      scheduler.after(n!, () => (line.losesAnswers = false))
    },
  },
  /** `size` 1: and does what was asked all the same (NW-10). */
  'answers-with': {
    group: 'network',
    weight: 4,
    propose: ({ dice }) => ({ choice: dice.pick(ANSWERS), size: dice.int(2), ...forAWhile({ dice }) }),
    perform: ({ line, scheduler }, { choice, size, n }) => {
      line.says = { code: choice as ErrorCode, applied: size === 1 }
      scheduler.after(n!, () => (line.says = null))
    },
  },
}

export const SERVER_NETWORK_MOVES: Record<string, ServerMove> = {
  /** Something is new, it says, whether it is or not, and says it twice (NW-05). */
  ring: {
    group: 'network',
    weight: 2,
    propose: () => ({}),
    perform: ({ cloud }) => {
      cloud.ring()
      cloud.ring()
    },
  },
  /** The devices lose their way one after the other, and find it again in another order. */
  swizzle: {
    group: 'network',
    weight: 1,
    propose: ({ dice }) => ({ n: dice.int(20_000_000), bytes: dice.int(1_000) }),
    perform: ({ devices, scheduler }, { n, bytes }) => {
      for (const { index, line } of devices) scheduler.after(index * (n! / 4), () => (line.isUp = false))
      const order = new Dice(mix(bytes!, 'swizzle')).shuffle(devices)
      for (const [at, { line }] of order.entries()) scheduler.after(n! + at * (n! / 4), () => (line.isUp = true))
    },
  },
}
