import type { DeviceMove } from './move-kind.ts'
import { forAWhile } from './move-kind.ts'

/** A person signs out, or is signed out, and in again (NW-08). */
export const SESSION_MOVES: Record<string, DeviceMove> = {
  'sign-out': {
    group: 'sessions',
    weight: 3,
    propose: forAWhile,
    perform: ({ world, actor, scheduler }, { n }) => {
      world.cloud.signOut(actor)
      scheduler.after(n!, () => world.cloud.signIn(actor))
    },
  },
}
