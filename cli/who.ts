import type { Api } from '../client/api.ts'
import { askWho } from './ask-who.ts'

/** What a person is called here: the server tells ids only, and its own reader knows one of them. */
export type Who = (userId: string | null) => string

export async function whoBy(api: Api): Promise<Who> {
  const me = await askWho(api)
  return (userId) => (userId === null ? '–' : userId === me.userId ? 'you' : userId.slice(0, 8))
}
