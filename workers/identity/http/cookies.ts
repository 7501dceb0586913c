import type { IdentityContext } from './identity-env.ts'

/*
 * Two cookies: the browser session, and the secret that ties forms to this browser. Over https they carry `__Host-`, so no
 * other host and no other path can set them (T20). Plain http is for a server on one's own machine.
 */
export type CookieName = 'session' | 'form'

const isHttps = (publicUrl: string): boolean => publicUrl.startsWith('https:')
const fullName = (name: CookieName, publicUrl: string): string =>
  `${isHttps(publicUrl) ? '__Host-' : ''}bitvault-${name}`

/** Of two cookies with one name the first counts; a value that we cannot have set is none. */
export function readCookie(c: IdentityContext, name: CookieName): string | null {
  const prefix = `${fullName(name, c.env.publicUrl)}=`
  const pairs = (c.req.header('cookie') ?? '').slice(0, 8192).split(';')
  const value = pairs
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(prefix))
    ?.slice(prefix.length)
  return value !== undefined && /^[0-9a-z]{16,64}$/.test(value) ? value : null
}

/** Lasts until the browser is closed, or `maxAgeSeconds`. Lax: a link from elsewhere may open a page, never send a form. */
export function setCookie(c: IdentityContext, name: CookieName, value: string, maxAgeSeconds?: number): void {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  const secure = isHttps(c.env.publicUrl) ? '; Secure' : ''
  const cookie = `${fullName(name, c.env.publicUrl)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`
  c.header('set-cookie', cookie, { append: true })
}

export const clearCookie = (c: IdentityContext, name: CookieName): void => setCookie(c, name, '', 0)
