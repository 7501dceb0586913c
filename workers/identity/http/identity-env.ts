import type { Context } from 'hono'
import type { IdentityScope } from '../scope.ts'

/** What one request works with travels as Hono's bindings: nothing is kept between requests. */
export type IdentityEnv = { Bindings: IdentityScope }
export type IdentityContext = Context<IdentityEnv>
