import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the settings of the product are declared, and how a declaration looks there. */
const SOURCES = [
  { file: 'k8s/workerd/bitvault.capnp', name: /fromEnvironment = "([A-Z0-9_]+)"/g },
  { file: 'embedded/arguments.ts', name: /given\['([A-Z0-9_]+)'\]/g },
  { file: 'cli/help.ts', name: /\['([A-Z0-9_]+)', '/g },
] as const

/** Environment variables that the code reads and README.md does not explain. */
export async function unexplainedVariables(root: string): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const names = await Promise.all(
    SOURCES.map(async ({ file, name }) => {
      const text = await readFile(join(root, file), 'utf8')
      return [...text.matchAll(name)].map((match) => ({ file, variable: match[1]! }))
    }),
  )
  return names
    .flat()
    .filter(({ variable }) => !new RegExp(`\\b${variable}\\b`).test(readme))
    .map(({ file, variable }) => `README.md: does not explain ${variable} (${file})`)
}
