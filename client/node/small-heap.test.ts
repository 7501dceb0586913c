import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createHeapRelease } from './small-heap.ts'

/** In a function of its own: nothing on the stack holds it any more. */
const makeLoose = (): WeakRef<object[]> =>
  new WeakRef(Array.from({ length: 200_000 }, (_, at) => ({ at, text: `item ${at}` })))

test('what nobody holds any more is given back, and again after more work', async () => {
  const release = createHeapRelease()
  for (let round = 0; round < 2; round++) {
    const loose = makeLoose()
    // A weak reference holds until the end of the turn that made it.
    await turn()
    release()
    expect(loose.deref()).toBeUndefined()
  }
})
