import { fileURLToPath } from 'node:url'

/** The command line, as a program for Node. */
export const MAIN = fileURLToPath(new URL('bin.js', import.meta.url))
