import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CONFIG_PATH } from '../../embedded/worker-config.ts'

const STUB = fileURLToPath(new URL('stub-worker/main.js', import.meta.url))

/** The shipped workerd configuration round the stub Worker instead of the bundle. */
export async function writeStubConfig(file: string): Promise<string> {
  const shipped = await readFile(CONFIG_PATH, 'utf8')
  await writeFile(file, shipped.replace(/embed "[^"]+"/, `embed "${STUB}"`))
  return file
}
