import { describe, test } from 'vitest'
import { playScenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

describe('cases of the sync client, simulated', () => {
  for (const scenario of SCENARIOS) {
    test(`${scenario.id}: ${scenario.title}`, async () => {
      await playScenario(scenario)
    })
  }
})
