import { seededDice } from '../faults/dice.ts'

/** Thirty-two mixed bits of anything that names a decision: the same name, the same decision, whatever else was decided before. */
export function mix(...parts: readonly (number | string)[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) {
    const text = typeof part === 'number' ? String(part) : part
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ 0x1f, 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** In [0, 1), by name. */
export const chanceOf = (...parts: readonly (number | string)[]): number => mix(...parts) / 2 ** 32

/** A row of throws that a seed determines (mulberry32). */
export class Dice {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededDice(seed)
  }

  /** In [0, 1). */
  fraction(): number {
    return this.#next()
  }

  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.#next() * below)
  }

  chance(probability: number): boolean {
    return this.#next() < probability
  }

  /** @throws RangeError when there is nothing to pick from */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('nothing to pick from')
    return from[this.int(from.length)]!
  }

  pickOrNull<T>(from: readonly T[]): T | null {
    return from.length === 0 ? null : this.pick(from)
  }

  /** By weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const rows = Object.entries(weights) as [K, number][]
    let left = this.#next() * rows.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of rows) if ((left -= weight) < 0) return key
    return rows.at(-1)![0]
  }

  shuffle<T>(items: readonly T[]): T[] {
    const all = [...items]
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.int(i + 1)
      ;[all[i], all[j]] = [all[j]!, all[i]!]
    }
    return all
  }
}
