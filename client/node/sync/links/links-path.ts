import { join } from 'node:path'
import { configFolder } from '../../folders.ts'

/** Where the links of this user are noted. */
export const linksPath = (folder: string = configFolder()): string => join(folder, 'sync-links.json')
