import { usageError } from './failure.ts'

/** Where `npm start` listens when nothing says otherwise. */
export const LOCAL_SERVER = 'http://localhost:8787'

/** `vault.example` → `https://vault.example`; this computer and explicit `http://` stay without TLS. Throws a usage error. */
export function parseServer(text: string): string {
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(text)
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `${isLocal ? 'http' : 'https'}://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw usageError(`“${text}” is not the address of a server; it looks like https://vault.example`)
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw usageError('the address of a server holds no password, ? or #')
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** Sign-ins are kept by server. */
export const profileOf = (server: string): string => server.replace(/^https?:\/\//, '')
