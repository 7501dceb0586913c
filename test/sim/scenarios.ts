import { EDITS } from './scenarios/edits.ts'
import { MOVES } from './scenarios/moves.ts'
import type { Scenario } from './scenario.ts'

/** Every case of SYNC-CASES that a simulated world can show, and what seeds have found. */
export const SCENARIOS: readonly Scenario[] = [...EDITS, ...MOVES]
