import type { Lasting } from './trouble.ts'

/** Something else is there than the plan thought. */
export class Otherwise extends Error {
  /** What it means when it stays so. */
  readonly lasting: Lasting | null

  constructor(lasting: Lasting | null = null) {
    super('something else is there than was planned with')
    this.lasting = lasting
  }
}

/** The guard did not let it happen (I1). */
export class Guarded extends Error {}
