import type { Api } from './api.ts'
import type { Transport } from './transport.ts'
export const createEndpoints = (transport: Transport): Api => ({ transport }) as Api
