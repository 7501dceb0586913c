import { describe, expect, test } from 'vitest'
import { readFound, scriptOfFound } from './found.ts'
import { runScript } from './run-seed.ts'

describe('what seeds have found stays mended', () => {
  for (const found of readFound())
    test(`${found.rule}: ${found.story} (seed ${found.seed})`, async () => {
      expect((await runScript(scriptOfFound(found))).violation).toBeNull()
    })
})
