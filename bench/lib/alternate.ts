import { type Summary, summarise } from './summary.ts'

/** One side of a comparison. Answers its figure for one round: seconds, or a rate. */
export type Side = (round: number) => Promise<number>

export type Comparison = { baseline: Summary; ours: Summary }

/**
 * Runs the two sides in turn, so that whatever else the machine does falls on both alike; who goes first changes from
 * round to round. Warm-up rounds are run and not counted.
 */
export async function alternate(
  sides: { baseline: Side; ours: Side },
  options: { rounds: number; warmUps?: number },
): Promise<Comparison> {
  const { rounds, warmUps = 0 } = options
  const figures = { baseline: [] as number[], ours: [] as number[] }
  for (let round = 0; round < warmUps + rounds; round++) {
    const order = round % 2 === 0 ? (['baseline', 'ours'] as const) : (['ours', 'baseline'] as const)
    for (const side of order) {
      const figure = await sides[side](round)
      if (round >= warmUps) figures[side].push(figure)
    }
  }
  return { baseline: summarise(figures.baseline), ours: summarise(figures.ours) }
}

/** Runs `work` once. @returns its duration in seconds */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
