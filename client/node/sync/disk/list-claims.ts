/**
 * Who lists which folder, in memory that two threads share: each folder has a number, and whoever claims it first lists it. The helper takes the numbers in
 * their order; one that it is through with can be given to another folder.
 *
 *     0    how many numbers the helper is through with
 *     1…   of each number, by turns: free, or whose
 */
export type Claims = Int32Array<SharedArrayBuffer>

/** Numbers that may be in use at once. */
const PLACES = 8_192
const THROUGH = 0
const FREE = 0
const CLAIMED = { asker: 1, helper: 2 } as const

const placeOf = (number: number): number => 1 + (number % PLACES)

export const newClaims = (): Claims => new Int32Array(new SharedArrayBuffer(4 * (1 + PLACES)))

/** @param next the number to be given next. @returns how many may be given now */
export const roomFor = (claims: Claims, next: number): number => PLACES - (next - Atomics.load(claims, THROUGH))

export function offer(claims: Claims, number: number): void {
  Atomics.store(claims, placeOf(number), FREE)
}

/** @returns whether it was free, and is one's own now */
export function claim(claims: Claims, number: number, by: keyof typeof CLAIMED): boolean {
  // Its place may be another's by now. The helper had it: the asker asks once.
  if (Atomics.load(claims, THROUGH) > number) return false
  return Atomics.compareExchange(claims, placeOf(number), FREE, CLAIMED[by]) === FREE
}

/** By the helper: it has claimed it, or left it to the asker. */
export function through(claims: Claims, number: number): void {
  Atomics.store(claims, THROUGH, number + 1)
}
