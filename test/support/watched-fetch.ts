/** A `fetch` that counts what goes to the object store and lets a test step in. */
export type WatchedFetch = {
  fetch: typeof fetch
  /** Addresses of the PUTs that the store accepted, without their signatures. */
  readonly stored: string[]
  /** Called before each PUT; may throw. */
  beforePut: (count: number) => void | Promise<void>
  /** May change the bytes of a GET. */
  onGet: (bytes: Uint8Array) => Uint8Array
}

/** @param apiUrl every other host is the object store */
export function watchFetch(apiUrl: string): WatchedFetch {
  const api = new URL(apiUrl).host
  let puts = 0
  const watched: WatchedFetch = {
    stored: [],
    beforePut: () => {},
    onGet: (bytes) => bytes,
    fetch: async (input, init = {}) => {
      const url = new URL(String(input))
      if (url.host === api) return fetch(input, init)
      if (init.method === 'PUT') {
        await watched.beforePut(++puts)
        const response = await fetch(input, init)
        if (response.ok) watched.stored.push(url.pathname)
        return response
      }
      const response = await fetch(input, init)
      const bytes = watched.onGet(new Uint8Array(await response.arrayBuffer()))
      return new Response(Uint8Array.from(bytes), { status: response.status, headers: response.headers })
    },
  }
  return watched
}
