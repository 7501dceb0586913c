import { describe, test } from 'vitest'
import { KNOWN_FAILURES } from './known-failures.ts'
import { playScenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

describe('cases of the sync client, simulated', () => {
  for (const scenario of SCENARIOS) {
    const run = scenario.id in KNOWN_FAILURES ? test.fails : test
    run(`${scenario.id}: ${scenario.title}`, async () => {
      await playScenario(scenario)
    })
  }
})
