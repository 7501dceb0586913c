import { fileURLToPath } from 'node:url'

/*
 * Where things lie beside the command line. Seen from here and from the bundle (dist/cli.js) they lie at the same place: both are one
 * folder below the project's.
 */
const fromProject = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The command line, as a program for Node. */
export const MAIN = fromProject('cli/bin.js')
export const PACKAGE_JSON = fromProject('package.json')

/** A module of the operator's side, to be imported. */
export const operatorUrl = (name: string): string => new URL(`../embedded/${name}.ts`, import.meta.url).href
