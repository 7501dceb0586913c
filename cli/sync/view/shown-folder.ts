import { quoteForShell } from '../../text/quote.ts'

/** `~/Photos`: as a person writes it. */
export const shownFolder = (path: string, home: string): string =>
  path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path

/** As it can be pasted behind a command. */
export function folderForShell(path: string, home: string): string {
  const short = shownFolder(path, home)
  // A shell knows what `~` is only where it is not quoted.
  return short !== path && /^~[\w./@%+=:,-]*$/.test(short) ? short : quoteForShell(path)
}
