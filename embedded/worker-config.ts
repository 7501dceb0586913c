import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT_DIR = fileURLToPath(new URL('..', import.meta.url))
export const CONFIG_PATH = join(PROJECT_DIR, 'k8s', 'workerd', 'bitvault.capnp')

/**
 * A copy of the configuration in which the Worker has a binding FAULTS: an HTTP server of the test that is asked at each
 * numbered fault point. The shipped configuration has no such binding, so nothing can switch it on in production.
 *
 * @param faultsUrl `http://127.0.0.1:<port>`
 */
export async function writeFaultsConfig(request: { base: string; file: string; faultsUrl: string }): Promise<void> {
  const { base, file, faultsUrl } = request
  const text = await readFile(base, 'utf8')
  const changed = text
    .replace('# further services', `(name = "faults", external = (address = "${new URL(faultsUrl).host}", http = ())),`)
    .replace('# further bindings', '(name = "FAULTS", service = "faults"),')
    .replaceAll(/embed "([^"]+)"/g, (_, path: string) => `embed "${resolve(dirname(base), path)}"`)
  if (!changed.includes('"faults"') || !changed.includes('"FAULTS"')) throw new Error(`no place for FAULTS in ${base}`)
  await writeFile(file, changed)
}
